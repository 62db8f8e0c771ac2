//! What a user says of a run or an experiment: tags to find it by, and a note.
//!
//! Invariant: bounded, in a file too ([`Labels::problem`]); what is typed is tidied first.
//! Tests: beside the code; in a file: `rename`, docs.

use serde::{Deserialize, Serialize};

/// Most tags of one run.
pub const TAGS_MAX: usize = 20;
/// Most characters of a tag.
pub const TAG_CHARS_MAX: usize = 40;
/// Most characters of a note.
pub const NOTE_CHARS_MAX: usize = 2_000;

/// Tags and a note. They travel between worker and page: no field may be left out when it is
/// written; a file leaves them out together where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Tags, each once, in the user's order.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The note, of any number of lines.
    #[serde(default)]
    pub note: String,
}

impl Labels {
    /// Makes them of what was typed: tags with a comma or a new line between two. Spaces are
    /// tidied, and a tag that is there twice (in capitals or not) counts once.
    ///
    /// # Errors
    /// The bound that is exceeded, in a sentence.
    pub fn typed(tags: &str, note: &str) -> Result<Labels, String> {
        let mut labels = Labels { tags: Vec::new(), note: note.trim().to_string() };
        for tag in tags.split([',', '\n']) {
            let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
            let known = |other: &String| other.to_lowercase() == tag.to_lowercase();
            if !tag.is_empty() && !labels.tags.iter().any(known) {
                labels.tags.push(tag);
            }
        }
        match labels.problem() {
            Some(problem) => Err(problem),
            None => Ok(labels),
        }
    }

    /// Whether there are none: a file leaves them out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.note.is_empty()
    }

    /// The tags as they are typed.
    #[must_use]
    pub fn tag_text(&self) -> String {
        self.tags.join(", ")
    }

    /// Which bound they exceed, in a sentence.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.tags.len() > TAGS_MAX {
            return Some(format!("{} tags: up to {TAGS_MAX} are possible.", self.tags.len()));
        }
        if let Some(tag) = self.tags.iter().find(|tag| tag.chars().count() > TAG_CHARS_MAX) {
            let start: String = tag.chars().take(TAG_CHARS_MAX).collect();
            return Some(format!(
                "The tag “{start}…” has {} characters: up to {TAG_CHARS_MAX} are possible.",
                tag.chars().count()
            ));
        }
        let chars = self.note.chars().count();
        (chars > NOTE_CHARS_MAX).then(|| {
            format!("The note has {chars} characters: up to {NOTE_CHARS_MAX} are possible.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_tidied() {
        let labels = Labels::typed(" base  line, Base line,\nn1 ,,", " a\nb ").unwrap();
        assert_eq!(
            labels,
            Labels { tags: vec!["base line".into(), "n1".into()], note: "a\nb".into() }
        );
        assert_eq!(labels.tag_text(), "base line, n1");
        assert!(Labels::typed(" , ", "\n").unwrap().is_empty());
    }

    #[test]
    fn bounds_are_told_in_words() {
        let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
        let wrong = Labels::typed(&many.join(","), "").unwrap_err();
        assert_eq!(wrong, "21 tags: up to 20 are possible.");
        assert!(Labels::typed(&many[..20].join(","), "").is_ok());
        // Characters are counted, not bytes.
        assert!(Labels::typed(&"é".repeat(40), &"é".repeat(2_000)).is_ok());
        let wrong = Labels::typed(&"é".repeat(41), "").unwrap_err();
        assert!(wrong.starts_with("The tag “é") && wrong.contains("41 characters"), "{wrong}");
        let wrong = Labels::typed("", &"x".repeat(2_001)).unwrap_err();
        assert_eq!(wrong, "The note has 2001 characters: up to 2000 are possible.");
    }
}
