//! Texts that occur again and again, kept once.

use std::sync::Arc;

/// How many texts are kept at most.
const PLACES: usize = 128;

/// The texts seen last: a category's name is in most tables thousands of times, and to share it is
/// quicker than to copy it.
#[derive(Debug)]
pub(crate) struct Interned([Option<Arc<str>>; PLACES]);

impl Default for Interned {
    fn default() -> Interned {
        Interned([const { None }; PLACES])
    }
}

impl Interned {
    /// A text like this one.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        let place = &mut self.0[place(text.as_bytes())];
        match place {
            Some(known) if **known == *text => known.clone(),
            _ => place.insert(text.into()).clone(),
        }
    }
}

/// Where a text is kept: its ends and its length tell most names apart.
fn place(text: &[u8]) -> usize {
    let word = |part: Option<&[u8; 4]>| part.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let ends = match text.len() {
        0..4 => text.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)),
        _ => word(text.first_chunk()) ^ word(text.last_chunk()).rotate_left(16),
    };
    let mixed = (ends ^ text.len() as u32).wrapping_mul(0x9e37_79b1);
    (mixed >> 16) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_others_are_themselves() {
        let mut interned = Interned::default();
        let names: Vec<String> = (0..1000).map(|n| format!("city{n}")).collect();
        for name in &names {
            let text = interned.text(name);
            assert_eq!(*text, **name);
            assert!(Arc::ptr_eq(&text, &interned.text(name)));
        }
        assert_eq!(*interned.text(""), *"");
    }
}
