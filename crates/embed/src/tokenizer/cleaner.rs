//! Text → words: what BERT's `BasicTokenizer` does, one character at a time.

use std::collections::VecDeque;
use std::str::Chars;
use unicode_normalization::char::decompose_canonical;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Which of BERT's rules apply; a model brings its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleaner {
    /// Drops control characters and makes every white space a blank.
    pub(crate) drops_controls: bool,
    /// Makes every Chinese character a word of its own.
    pub(crate) parts_chinese: bool,
    /// Takes accents off: `é` becomes `e`.
    pub(crate) strips_accents: bool,
    /// Makes everything lower case.
    pub(crate) lowers_case: bool,
}

impl Cleaner {
    /// The words of a text in order. A word longer than `longest` characters is cut after one more,
    /// which is enough to see that it is too long.
    pub(crate) fn words<'a>(&self, text: &'a str, longest: usize) -> Words<'a> {
        Words { cleaner: *self, characters: text.chars(), pending: VecDeque::new(), word: String::new(), longest }
    }
}

/// A text being cut into words.
pub(crate) struct Words<'a> {
    cleaner: Cleaner,
    characters: Chars<'a>,
    /// What became of the last character and is not yet in a word.
    pending: VecDeque<Piece>,
    word: String,
    longest: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Letter(char),
    /// A word of its own.
    Mark(char),
    Gap,
}

impl Words<'_> {
    /// The next word; it is never empty.
    pub(crate) fn next_word(&mut self) -> Option<&str> {
        self.word.clear();
        let mut length = 0;
        loop {
            let Some(piece) = self.next_piece() else {
                return Some(self.word.as_str()).filter(|word| !word.is_empty());
            };
            match piece {
                Piece::Letter(letter) => {
                    // One character more than the longest word tells that this one is too long.
                    if length <= self.longest {
                        self.word.push(letter);
                        length += 1;
                    }
                }
                Piece::Gap if self.word.is_empty() => {}
                Piece::Gap => return Some(&self.word),
                Piece::Mark(mark) if self.word.is_empty() => {
                    self.word.push(mark);
                    return Some(&self.word);
                }
                Piece::Mark(_) => {
                    self.pending.push_front(piece);
                    return Some(&self.word);
                }
            }
        }
    }

    fn next_piece(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.pending.pop_front() {
                return Some(piece);
            }
            let character = self.characters.next()?;
            // Most of every log is this.
            if character.is_ascii_alphanumeric() {
                let lowers = self.cleaner.lowers_case;
                return Some(Piece::Letter(if lowers { character.to_ascii_lowercase() } else { character }));
            }
            self.take_apart(character);
        }
    }

    /// Puts what becomes of a character into `pending`, in BERT's order: controls, Chinese, accents,
    /// case, and only then white space and punctuation.
    fn take_apart(&mut self, character: char) {
        let Cleaner { drops_controls, parts_chinese, strips_accents, lowers_case } = self.cleaner;
        if drops_controls && is_dropped(character) {
            return;
        }
        let pending = &mut self.pending;
        let stands_alone = parts_chinese && is_chinese(character);
        if stands_alone {
            pending.push_back(Piece::Gap);
        }
        let mut lower = |character: char| {
            if lowers_case {
                pending.extend(character.to_lowercase().map(classify));
            } else {
                pending.push_back(classify(character));
            }
        };
        if strips_accents {
            decompose_canonical(character, |part| {
                if part.general_category() != GeneralCategory::NonspacingMark {
                    lower(part);
                }
            });
        } else {
            lower(character);
        }
        if stands_alone {
            self.pending.push_back(Piece::Gap);
        }
    }
}

fn classify(character: char) -> Piece {
    if character.is_whitespace() {
        Piece::Gap
    } else if character.is_ascii_punctuation()
        || character.general_category_group() == GeneralCategoryGroup::Punctuation
    {
        Piece::Mark(character)
    } else {
        Piece::Letter(character)
    }
}

/// Control, format and private characters, and the mark of undecodable text; tab and line ends stay.
fn is_dropped(character: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse};
    match character {
        '\t' | '\n' | '\r' => false,
        '\0' | char::REPLACEMENT_CHARACTER => true,
        _ => matches!(character.general_category(), Control | Format | PrivateUse),
    }
}

/// The blocks of Chinese characters that BERT sets apart.
fn is_chinese(character: char) -> bool {
    matches!(character,
        '\u{4E00}'..='\u{9FFF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{20000}'..='\u{2A6DF}'
        | '\u{2A700}'..='\u{2B73F}'
        | '\u{2B740}'..='\u{2B81F}'
        | '\u{2B920}'..='\u{2CEAF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{2F800}'..='\u{2FA1F}')
}
