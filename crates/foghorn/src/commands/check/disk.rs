//! The data directory, and the room around it.

use super::outcome::{Outcome, fail, ok, warn};
use crate::config::Config;
use std::path::Path;

const DIRECTORY: &str = "data directory";
const ROOM: &str = "disk";

/// Less than this and SQLite cannot even finish what it holds.
const LEAST: u64 = 100_000_000;

/// Whether this user may write there.
pub(super) fn directory(directory: &Path) -> Outcome {
    if !directory.exists() {
        return match std::fs::metadata(existing_parent(directory)) {
            Ok(parent) if parent.is_dir() => {
                ok(DIRECTORY, format!("{} will be made by the first start", directory.display()))
            }
            _ => fail(DIRECTORY, format!("{} cannot be made; set store.data_dir (--data-dir)", directory.display())),
        };
    }
    match tempfile::tempfile_in(directory) {
        Ok(_) => ok(DIRECTORY, format!("{} can be written", directory.display())),
        Err(error) => {
            let remedy = "give this user the right to write there, or set store.data_dir (--data-dir)";
            fail(DIRECTORY, format!("{} cannot be written: {error}; {remedy}", directory.display()))
        }
    }
}

/// Whether what lies there has room to grow to what it may take: the store, or beside a database the spool.
pub(super) fn room(config: &Config) -> Outcome {
    let directory = config.storage.data_dir.as_path();
    let is_spool = config.database.address.is_some();
    let may_take = if is_spool { config.intake.spool_bytes } else { config.storage.max_bytes };
    let free = match rustix::fs::statvfs(existing_parent(directory)) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => return warn(ROOM, format!("its free space cannot be read: {error}")),
    };
    if is_spool {
        return judge_spool(free, may_take);
    }
    let taken = std::fs::metadata(directory.join("foghorn.db")).map_or(0, |file| file.len());
    judge(free, taken, may_take)
}

fn judge_spool(free: u64, may_take: u64) -> Outcome {
    let details = format!("{} GB free; the spool may take {} GB", in_gigabytes(free), in_gigabytes(may_take));
    match free < may_take {
        true => warn(ROOM, format!("{details}: lower intake.spool_bytes, or move store.data_dir to another disk")),
        false => ok(ROOM, details),
    }
}

fn judge(free: u64, taken: u64, may_take: u64) -> Outcome {
    let (gigabytes, wanted) = (in_gigabytes(free), in_gigabytes(may_take));
    let details = format!("{gigabytes} GB free; the store has {} GB and may take {wanted} GB", in_gigabytes(taken));
    if free < LEAST {
        fail(ROOM, format!("{details}: free space, or move store.data_dir to another disk"))
    } else if free.saturating_add(taken) < may_take {
        warn(ROOM, format!("{details}: lower store.max_bytes, or the disk fills up before old events are forgotten"))
    } else {
        ok(ROOM, details)
    }
}

fn in_gigabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e9)
}

/// The nearest directory above that is there.
fn existing_parent(directory: &Path) -> &Path {
    let nearest = directory.ancestors().find(|ancestor| ancestor.exists());
    // The last ancestor of a relative path is empty: the working directory.
    nearest.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_judged_by_what_the_store_may_still_take() {
        let check = |free, taken, expected: &str| {
            let outcome = format!("{:?}", judge(free, taken, 5_000_000_000));
            assert!(outcome.contains(expected), "{outcome}");
        };
        check(6_000_000_000, 0, "Ok");
        check(2_000_000_000, 4_000_000_000, "Ok");
        check(2_000_000_000, 0, "Warn");
        check(1_000, 4_000_000_000, "Fail");
        assert!(format!("{:?}", judge_spool(2_000_000_000, 1_000_000_000)).contains("Ok"));
        assert!(format!("{:?}", judge_spool(1_000, 1_000_000_000)).contains("intake.spool_bytes"));
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_no_fault() {
        let parent = tempfile::tempdir().unwrap();
        assert!(!directory(&parent.path().join("a/b")).is_failure());
        assert!(!directory(parent.path()).is_failure());
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(directory(&file.join("below")).is_failure());
    }
}
