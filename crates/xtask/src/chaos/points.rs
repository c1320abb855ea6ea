//! The places at which a process can be made to die: before and after each commit and each send.
//!
//! A file of the point's name in a directory that every process looks into arms it; whoever passes there first takes the
//! file away and dies. So a point counts as hit when somebody died there, and not because that was wished.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A place, by the name it has in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// The role of the processes that pass there.
    pub(super) role: &'static str,
    pub(super) name: &'static str,
}

const fn point(role: &'static str, name: &'static str) -> Point {
    Point { role, name }
}

impl Point {
    /// Whether it lies on the way out of a spool, where somebody passes after Postgres was away.
    pub(super) fn is_of_the_spool(self) -> bool {
        self.name.starts_with("spool")
    }
}

/// All there are.
pub(super) const POINTS: [Point; 18] = [
    point("ingest", "intake before commit"),
    point("ingest", "intake after commit"),
    point("ingest", "spool before commit"),
    point("ingest", "spool after commit"),
    point("triage", "triage before commit"),
    point("triage", "triage after commit"),
    point("agent", "notify before commit"),
    point("agent", "notify after commit"),
    point("agent", "deliver before intent"),
    point("agent", "deliver after intent"),
    point("agent", "deliver before send"),
    point("agent", "deliver after send"),
    point("agent", "deliver after record"),
    point("agent", "edit before send"),
    point("agent", "edit after send"),
    point("agent", "edit after record"),
    point("web", "act before commit"),
    point("web", "act after commit"),
];

/// How long somebody may take to pass there. A lease may have to end first, and whatever else is broken be mended.
const PATIENCE: Duration = Duration::from_secs(60);

/// The directory in which points are armed.
pub(super) struct Points {
    directory: PathBuf,
}

impl Points {
    pub(super) fn new(directory: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// Arms a point and waits until somebody has died there; `false` if nobody came by.
    pub(super) async fn hit(&self, point: Point) -> anyhow::Result<bool> {
        let armed = self.directory.join(point.name);
        std::fs::write(&armed, "")?;
        let give_up = Instant::now() + PATIENCE;
        while self.is_armed(point) {
            if Instant::now() > give_up {
                // Whoever took it in this very moment has been hit.
                return Ok(std::fs::remove_file(&armed).is_err());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(true)
    }

    /// Whether somebody is still to die there.
    pub(super) fn is_armed(&self, point: Point) -> bool {
        self.directory.join(point.name).exists()
    }

    /// How often each point was hit: every process leaves a file before it dies at one.
    pub(super) fn hits(&self) -> BTreeMap<&'static str, u32> {
        let mut hits: BTreeMap<_, _> = POINTS.iter().map(|point| (point.name, 0)).collect();
        for entry in std::fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.rsplit_once('.')).map_or("", |(point, _)| point);
            if let Some(count) = hits.get_mut(name) {
                *count += 1;
            }
        }
        hits
    }
}
