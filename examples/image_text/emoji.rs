//! Emoji: a picture, the words of the name, and the group they belong to.

use emojis::Group;
use multi_input::prelude::Image;
use twemoji_assets::png::PngTwemojiAsset;

/// A picture of 72 x 72 pixels, with its name and the name of its group.
pub struct Emoji {
    pub picture: Image<3>,
    pub name: &'static str,
    pub group: &'static str,
}

/// All that have a picture, each in its default skin tone.
pub fn all() -> impl Iterator<Item = Emoji> {
    let emojis = Group::iter().flat_map(|group| group.emojis());
    emojis.filter_map(|emoji| {
        let picture = Image::decode(asset(emoji.as_str())?.data.0).ok()?;
        Some(Emoji { picture, name: emoji.name(), group: name(emoji.group()) })
    })
}

/// The pictures are filed without the mark that asks for one in colour, except where they are not.
fn asset(emoji: &str) -> Option<&'static PngTwemojiAsset> {
    PngTwemojiAsset::from_emoji(emoji)
        .or_else(|| PngTwemojiAsset::from_emoji(emoji.trim_end_matches('\u{fe0f}')))
}

fn name(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "smileys",
        Group::PeopleAndBody => "people",
        Group::AnimalsAndNature => "nature",
        Group::FoodAndDrink => "food",
        Group::TravelAndPlaces => "places",
        Group::Activities => "activities",
        Group::Objects => "objects",
        Group::Symbols => "symbols",
        Group::Flags => "flags",
    }
}
