//! Lines on standard input, one JSON object a line on standard output: `{"line_id","template_id","template"}`.
//! With `--raw` the lines still have their log headers, which are taken off first.

use foghorn_detect::header;
use foghorn_detect::template::Miner;
use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let is_raw = std::env::args().any(|argument| argument == "--raw");
    let mut miner = Miner::new();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (index, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let learned = if is_raw { miner.learn(&header::parse(&line).message) } else { miner.learn(&line) };
        let answer = serde_json::json!({
            "line_id": index + 1,
            "template_id": learned.birth_key,
            "template": miner.template(learned.cluster),
        });
        writeln!(out, "{answer}")?;
    }
    out.flush()
}
