//! A text that must not be seen.

use std::fmt;

/// A token or signing secret. Nothing prints it: whoever needs the text asks for it by [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SET")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_hold_the_secret() {
        let secret = Secret::new("xoxb-hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "SET Some(SET)");
        assert_eq!(secret.expose(), "xoxb-hunter2");
    }
}
