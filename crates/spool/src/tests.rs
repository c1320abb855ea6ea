//! The spool against a directory: crashes are a copy of the directory at that moment, or bytes cut off.

use super::*;
use std::path::Path;

fn open(directory: &Path) -> (Spool, Opened) {
    open_with(directory, 10 << 20)
}

fn open_with(directory: &Path, max_bytes: u64) -> (Spool, Opened) {
    Spool::open(options(directory, max_bytes)).unwrap()
}

fn options(directory: &Path, max_bytes: u64) -> Options {
    Options { directory: directory.to_owned(), max_bytes, new_name: "here".to_owned() }
}

fn numbered(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..=to).map(|number| format!("record {number}").into_bytes()).collect()
}

async fn read_all(spool: &Spool, after: u64) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let mut after = after;
    loop {
        let some = spool.read(after, 7, 1 << 20).await.unwrap();
        let Some(last) = some.last() else { return all };
        after = last.number;
        all.extend(some.into_iter().map(|record| (record.number, String::from_utf8(record.bytes).unwrap())));
    }
}

fn expected(from: u64, to: u64) -> Vec<(u64, String)> {
    (from..=to).map(|number| (number, format!("record {number}"))).collect()
}

#[tokio::test]
async fn records_come_back_in_order_with_their_numbers_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, opened) = open(directory.path());
    assert_eq!(opened, Opened::default());
    assert_eq!(spool.append(Rank::Bulk, numbered(1, 20)).await.unwrap(), 20);
    assert_eq!(spool.append(Rank::Bulk, numbered(21, 21)).await.unwrap(), 21);
    assert_eq!(read_all(&spool, 0).await, expected(1, 21));
    assert_eq!(read_all(&spool, 13).await, expected(14, 21));
    assert!(matches!(Spool::open(options(directory.path(), 1 << 20)), Err(Error::InUse { .. })));
    // No close: the process is gone.
    drop(spool);
    let (again, opened) = open(directory.path());
    assert_eq!((opened.records, again.len(), again.name()), (21, 21, "here"));
    assert_eq!(again.append(Rank::Bulk, numbered(22, 22)).await.unwrap(), 22);
    assert_eq!(read_all(&again, 0).await, expected(1, 22));
}

#[tokio::test]
async fn what_is_forgotten_leaves_the_disk_and_its_numbers_are_not_given_again() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, _) = open_with(directory.path(), 2 << 20);
    for from in (1..=60).step_by(10) {
        let records = (from..from + 10).map(|_| vec![b'x'; 10_000]).collect();
        spool.append(Rank::Bulk, records).await.unwrap();
    }
    let full = spool.held_bytes();
    assert!(full > 600_000, "{full}");
    spool.forget(30).await.unwrap();
    assert_eq!(spool.len(), 30);
    assert!(spool.held_bytes() < full);
    assert_eq!(spool.read(0, 1, 1).await.unwrap()[0].number, 31);
    spool.forget(60).await.unwrap();
    assert!(spool.is_empty() && spool.held_bytes() < 100);
    spool.close().await;
    drop(spool);
    let (again, opened) = open(directory.path());
    assert_eq!(opened, Opened::default());
    assert_eq!(again.append(Rank::Bulk, numbered(61, 61)).await.unwrap(), 61);
    assert_eq!(read_all(&again, 0).await, expected(61, 61));
}

#[tokio::test]
async fn logs_are_refused_first_and_criticals_last() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, _) = open_with(directory.path(), 1 << 20);
    let fill = async |rank| {
        let mut accepted = 0;
        while spool.append(rank, vec![vec![0; 10_000]]).await.is_ok() {
            accepted += 1;
        }
        accepted
    };
    let (logs, alerts, criticals) = (fill(Rank::Bulk).await, fill(Rank::Alert).await, fill(Rank::Critical).await);
    // 1 MiB in records of 10,008 bytes.
    assert_eq!((logs, logs + alerts, logs + alerts + criticals), (73, 94, 104));
    assert!(matches!(spool.append(Rank::Critical, vec![vec![0; 10_000]]).await, Err(Error::Full { .. })));
    spool.forget(50).await.unwrap();
    assert!(spool.append(Rank::Bulk, vec![vec![0; 10_000]]).await.is_ok());
}

#[tokio::test]
async fn a_write_cut_short_at_any_byte_loses_only_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, _) = open(directory.path());
    spool.append(Rank::Bulk, numbered(1, 3)).await.unwrap();
    spool.close().await;
    drop(spool);
    let file = crate::segment::path(directory.path(), 1);
    let whole = std::fs::read(&file).unwrap();
    let last = whole.len() - (8 + "record 3".len());
    for cut in last..whole.len() {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let (spool, opened) = open(directory.path());
        assert_eq!((opened.records, opened.cut_short, opened.damaged), (2, u64::from(cut > last), 0), "{cut}");
        let next = spool.append(Rank::Bulk, numbered(3, 4)).await.unwrap();
        // The number of what was cut off is not given again.
        assert!(if cut == last { next == 4 } else { next > 4 }, "{cut}: {next}");
        let mut read = read_all(&spool, 0).await;
        assert_eq!((read[2].0, read[3].0), (next - 1, next));
        read.iter_mut().zip(1..).for_each(|(record, number)| record.0 = number);
        assert_eq!(read, expected(1, 4), "{cut}");
        assert_eq!(spool.len(), 4);
        spool.close().await;
        std::fs::remove_file(crate::segment::path(directory.path(), next - 1)).ok();
    }
    for cut in 0..8 {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let (spool, _) = open(directory.path());
        let next = spool.append(Rank::Bulk, numbered(1, 1)).await.unwrap();
        assert_eq!(read_all(&spool, 0).await, [(next, "record 1".to_owned())], "{cut}");
        spool.close().await;
        std::fs::remove_file(crate::segment::path(directory.path(), next)).ok();
    }
}

#[tokio::test]
async fn any_changed_byte_is_noticed_and_the_file_is_kept_aside() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, _) = open(directory.path());
    spool.append(Rank::Bulk, numbered(1, 3)).await.unwrap();
    spool.close().await;
    drop(spool);
    let file = crate::segment::path(directory.path(), 1);
    let whole = std::fs::read(&file).unwrap();
    for index in 8..whole.len() {
        let mut changed = whole.clone();
        changed[index] ^= 0x40;
        std::fs::write(&file, &changed).unwrap();
        let (spool, opened) = open(directory.path());
        assert!(opened.cut_short + opened.damaged == 1 && opened.records < 3, "{index}: {opened:?}");
        let read = read_all(&spool, 0).await;
        assert_eq!(read, expected(1, opened.records), "{index}");
        let next = spool.append(Rank::Bulk, numbered(9, 9)).await.unwrap();
        assert!(next > 3, "{index}: {next}");
        spool.forget(next).await.unwrap();
        spool.close().await;
        assert_eq!(
            file.with_extension("damaged").exists() && opened.records > 0,
            opened.damaged == 1 && opened.records > 0
        );
        drop(spool);
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}

#[tokio::test]
async fn many_at_once_share_flushes_and_each_gets_its_own_number() {
    let directory = tempfile::tempdir().unwrap();
    let (spool, _) = open(directory.path());
    let tasks: Vec<_> = (0..500)
        .map(|index: u32| {
            let spool = spool.clone();
            tokio::spawn(async move {
                let number = spool.append(Rank::Bulk, vec![index.to_le_bytes().to_vec()]).await.unwrap();
                (number, index)
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(task.await.unwrap());
    }
    given.sort_unstable();
    let read = spool.read(0, 1000, 1 << 20).await.unwrap();
    let held: Vec<(u64, u32)> =
        read.into_iter().map(|record| (record.number, u32::from_le_bytes(record.bytes.try_into().unwrap()))).collect();
    assert_eq!(given, held);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = directory.path().join("file");
    std::fs::write(&taken, "").unwrap();
    let options = Options { directory: taken.join("spool"), max_bytes: 1, new_name: "x".to_owned() };
    let error = Spool::open(options).err().unwrap().to_string();
    assert!(error.contains("file/spool"), "{error}");
}
