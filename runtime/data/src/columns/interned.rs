//! A small cache of recently used texts.

use std::sync::Arc;

/// Number of cache slots.
const SLOTS: usize = 128;

/// A direct-mapped cache of shared texts. Category names repeat thousands of times in most tables,
/// and cloning an `Arc` is faster than copying the text.
#[derive(Debug)]
pub(crate) struct Interned([Option<Arc<str>>; SLOTS]);

impl Default for Interned {
    fn default() -> Interned {
        Interned([const { None }; SLOTS])
    }
}

impl Interned {
    /// A shared copy of the text.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        let slot = &mut self.0[slot(text.as_bytes())];
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }
}

/// The slot of a text, a hash of its first and last four bytes and its length, which distinguish
/// most names.
fn slot(text: &[u8]) -> usize {
    let word = |part: Option<&[u8; 4]>| part.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let ends = match text.len() {
        0..4 => text.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)),
        _ => word(text.first_chunk()) ^ word(text.last_chunk()).rotate_left(16),
    };
    let mixed = (ends ^ text.len() as u32).wrapping_mul(0x9e37_79b1);
    (mixed >> 16) as usize % SLOTS
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
