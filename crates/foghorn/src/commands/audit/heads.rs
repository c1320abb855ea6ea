//! Published heads: read from their file, and believed only when their signature holds.

use super::verify::Args;
use crate::config::Config;
use anyhow::Context;
use foghorn_domain::audit::{Head, SigningKey, VerifyingKey, parse_verifying_key, verify_head};
use std::path::{Path, PathBuf};

/// What a file of heads holds.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// Heads to rely on.
    pub(super) signed: Vec<Head>,
    /// Heads that somebody changed or forged, a sentence each.
    pub(super) problems: Vec<String>,
    /// What else the reader should know.
    pub(super) notes: Vec<String>,
}

/// Sentences of one sort that are kept; one forged file must not fill the screen.
const MOST: usize = 20;

/// Reads the file that was named, or the configured one where it exists.
pub(super) fn read(config: &Config, args: &Args) -> anyhow::Result<Heads> {
    let data_dir = &config.storage.data_dir;
    let configured = || config.audit.heads_file.clone().unwrap_or_else(|| data_dir.join("audit-heads.jsonl"));
    let file = match &args.head {
        Some(named) => named.clone(),
        None => match configured() {
            file if file.exists() => file,
            _ => return Ok(Heads::default()),
        },
    };
    let text = std::fs::read(&file).with_context(|| format!("cannot read the heads in {}", file.display()))?;
    let key_file = config.audit.key_file.clone().unwrap_or_else(|| data_dir.join("audit.key"));
    let heads = sift(&String::from_utf8_lossy(&text), &file, public_key(args, key_file)?.as_ref());
    let is_empty = heads.signed.is_empty() && heads.problems.is_empty();
    anyhow::ensure!(!(is_empty && args.head.is_some()), "{} holds no published head", file.display());
    Ok(heads)
}

/// The key that was given, or the public half of the server's own.
fn public_key(args: &Args, key_file: PathBuf) -> anyhow::Result<Option<VerifyingKey>> {
    if let Some(text) = &args.public_key {
        return Ok(Some(parse_verifying_key(text)?));
    }
    let seed = std::fs::read(key_file).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    Ok(seed.map(|seed| SigningKey::from_bytes(&seed).verifying_key()))
}

fn sift(text: &str, file: &Path, key: Option<&VerifyingKey>) -> Heads {
    let mut heads = Heads::default();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{} line {}", file.display(), index + 1);
        match Head::from_line(line) {
            // A server that was killed while it wrote leaves half a line behind.
            Err(error) if heads.notes.len() < MOST => heads.notes.push(format!("{place}: {error}")),
            Err(_) => {}
            Ok(head) => match key.map_or(Ok(()), |key| verify_head(key, &head)) {
                Ok(()) => heads.signed.push(head),
                Err(error) if heads.problems.len() < MOST => heads.problems.push(format!("{place}: {error}")),
                Err(_) => {}
            },
        }
    }
    if key.is_none() && !heads.signed.is_empty() {
        let remedy = "there is no key file and no --public-key";
        heads.notes.push(format!("the signatures of the heads were not checked, because {remedy}"));
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::audit::sign_head;

    fn head(seed: u8, id: i64) -> Head {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        sign_head(&SigningKey::from_bytes(&[seed; 32]), id, &"ab".repeat(32), at)
    }

    #[test]
    fn only_heads_whose_signature_holds_are_relied_on() {
        let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
        let forged = Head { id: 9, ..head(1, 8) };
        let lines = [head(1, 7).to_line(), forged.to_line(), head(2, 10).to_line(), "{\"id\":11,\"ha".to_owned()];
        let heads = sift(&lines.join("\n"), Path::new("heads"), Some(&key));
        assert_eq!(heads.signed.iter().map(|head| head.id).collect::<Vec<_>>(), [7]);
        assert!(
            heads.problems[0].starts_with("heads line 2: the signature of the head of row 9 is wrong"),
            "{heads:?}"
        );
        assert!(heads.problems[1].starts_with("heads line 3: the head of row 10 was signed with key"), "{heads:?}");
        assert!(heads.notes[0].starts_with("heads line 4: "), "{heads:?}");
    }

    #[test]
    fn without_a_key_heads_count_and_the_reader_is_told() {
        let heads = sift(&head(1, 7).to_line(), Path::new("heads"), None);
        assert_eq!((heads.signed.len(), heads.problems.len(), heads.notes.len()), (1, 0, 1));
    }
}
