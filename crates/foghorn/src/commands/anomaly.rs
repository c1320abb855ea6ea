//! `foghorn anomaly`: a score for every value of a metric, without a server.

mod row;

use super::lines::{Line, Lines};
use crate::terminal::{Screen, harmless};
use foghorn_detect::metric::{Reading, Series, THRESHOLD};
use foghorn_domain::words::counted;
use row::Row;
use std::io::{BufWriter, Read, Write};
use std::process::ExitCode;

/// Reads CSV timestamp,value from standard input, in the order of time, and prints each row with two more fields:
/// anomaly_score from 0 to 1, and label, which is 1 exactly where the score is 0.5 or more. Every value is judged
/// by those before it alone. A row that cannot be read is named on standard error and scores 0, and the status is 1.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn anomaly < latency.csv > scored.csv
  foghorn anomaly --explain < latency.csv")]
pub(crate) struct Args {
    /// Print for people: the anomalies alone, each with what it departs from
    #[arg(long)]
    explain: bool,
}

/// Reads everything and answers.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lines = Lines::new(std::io::stdin().lock());
    let mut complaints = std::io::stderr();
    let refused = match args.explain {
        true => explain(lines, &mut Screen::stdout(), &mut complaints)?,
        false => answer(lines, &mut BufWriter::new(std::io::stdout().lock()), &mut complaints)?,
    };
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a line turned out to be.
enum Scored {
    Header,
    Row(Reading),
    /// It cannot be read as a row.
    Refused,
}

/// The series and what has been complained about.
#[derive(Default)]
struct Scorer {
    series: Series,
    rows: u64,
    refused: u64,
    has_missed_time: bool,
}

impl Scorer {
    fn score(&mut self, line: &Line<'_>, complaints: &mut impl Write) -> Scored {
        match Row::parse(line.bytes) {
            Ok(Row { at, value }) => {
                self.rows += 1;
                if at.is_none() && !self.has_missed_time {
                    self.has_missed_time = true;
                    // Nothing can be done about a closed standard error.
                    let _ = writeln!(
                        complaints,
                        "line {}: the timestamp cannot be read; without it, times of day and gaps are not looked at",
                        line.number
                    );
                }
                Scored::Row(self.series.observe(at, value))
            }
            Err(_) if line.number == 1 && line.bytes.contains(&b',') => Scored::Header,
            Err(what) => {
                self.refused += 1;
                let _ = writeln!(complaints, "line {}: {what}", line.number);
                Scored::Refused
            }
        }
    }
}

fn answer<R: Read>(mut lines: Lines<R>, out: &mut impl Write, complaints: &mut impl Write) -> std::io::Result<u64> {
    let mut scorer = Scorer::default();
    while let Some(line) = lines.next(out)? {
        let Some(line) = row_of(line) else { continue };
        let scored = scorer.score(&line, complaints);
        if line.number == 1 && !matches!(scored, Scored::Header) {
            out.write_all(b"timestamp,value,anomaly_score,label\n")?;
        }
        let reading = match scored {
            Scored::Header => {
                out.write_all(line.bytes)?;
                out.write_all(b",anomaly_score,label\n")?;
                continue;
            }
            Scored::Row(reading) => Some(reading),
            Scored::Refused if line.bytes.contains(&b',') => None,
            Scored::Refused => continue,
        };
        out.write_all(line.bytes)?;
        let (score, label) = reading.map_or((0.0, 0), |reading| (reading.score, u8::from(reading.is_anomaly())));
        writeln!(out, ",{score},{label}")?;
    }
    out.flush()?;
    Ok(scorer.refused)
}

fn explain<R: Read, W: Write>(
    mut lines: Lines<R>,
    screen: &mut Screen<W>,
    complaints: &mut impl Write,
) -> std::io::Result<u64> {
    let (mut scorer, mut anomalies) = (Scorer::default(), 0);
    while let Some(line) = lines.next(&mut std::io::sink())? {
        let Some(line) = row_of(line) else { continue };
        let Scored::Row(reading) = scorer.score(&line, complaints) else { continue };
        if reading.is_anomaly() {
            anomalies += 1;
            let row = harmless(&String::from_utf8_lossy(line.bytes));
            screen.line(format!("line {}: {row} scores {:.2}: {}", line.number, reading.score, reading.why()))?;
        }
    }
    let found = if anomalies == 1 { "anomaly".to_owned() } else { format!("anomalies, at {THRESHOLD} or more") };
    screen.line(format!("{}, {anomalies} {found}", counted(scorer.rows, "value")))?;
    Ok(scorer.refused)
}

/// A line without a byte order mark and a carriage return; nothing for a blank one.
fn row_of(line: Line<'_>) -> Option<Line<'_>> {
    let bytes = match line.number {
        1 => line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.bytes),
        _ => line.bytes,
    };
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    (!bytes.trim_ascii().is_empty()).then_some(Line { bytes, ..line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use std::fmt::Write as _;

    fn answers(input: &[u8]) -> (String, String, u64) {
        let (mut out, mut complaints) = (Vec::new(), Vec::new());
        let refused = answer(Lines::new(input), &mut out, &mut complaints).unwrap();
        (String::from_utf8(out).unwrap(), String::from_utf8(complaints).unwrap(), refused)
    }

    /// 300 values that sway a little, and one far above them.
    fn swaying_with_a_spike() -> String {
        let mut csv = "timestamp,value\n".to_owned();
        for n in 0..300_u32 {
            let value = if n == 250 { 900 } else { 100 + n * 37 % 11 };
            writeln!(csv, "2026-01-0{} {:02}:{:02}:00,{value}.0", 1 + n / 288, n / 12 % 24, n % 12 * 5).unwrap();
        }
        csv
    }

    #[test]
    fn rows_are_echoed_with_their_score_and_a_label_where_it_reaches_the_threshold() {
        let input = swaying_with_a_spike();
        let (out, complaints, refused) = answers(input.as_bytes());
        assert_eq!((complaints.as_str(), refused), ("", 0));
        let mut labelled = Vec::new();
        for (number, (given, answered)) in input.lines().zip(out.lines()).enumerate() {
            let more = answered.strip_prefix(given).unwrap();
            if number == 0 {
                assert_eq!(more, ",anomaly_score,label");
                continue;
            }
            let (score, label) = more[1..].split_once(',').unwrap();
            let score: f64 = score.parse().unwrap();
            assert!((0.0..=1.0).contains(&score));
            assert_eq!(label, if score >= f64::from(THRESHOLD) { "1" } else { "0" });
            labelled.extend((label == "1").then_some(number));
        }
        assert_eq!((labelled, out.lines().count()), (vec![251], 301));
    }

    #[test]
    fn a_file_without_header_gets_one_and_odd_spellings_come_back_as_they_were() {
        let (out, ..) = answers(b"\xef\xbb\xbf 2026-01-01T00:00:00Z ,+1e0\r\n\r\n\"2026-01-01 00:05:00\",1.0,x");
        let expected =
            "timestamp,value,anomaly_score,label\n 2026-01-01T00:00:00Z ,+1e0,0,0\n\"2026-01-01 00:05:00\",1.0,x,0,0\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_and_the_others_are_scored() {
        let (out, complaints, refused) =
            answers(b"time,cpu\n1700000000,1\n1700000060,much\nnonsense\nlater,\n1700000120,2\n");
        assert_eq!(
            out,
            "time,cpu,anomaly_score,label\n1700000000,1,0,0\n1700000060,much,0,0\nlater,,0,0\n1700000120,2,0,0\n"
        );
        let named: Vec<&str> = complaints.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!((named, refused), (vec!["line 3", "line 4", "line 5"], 2));
    }

    #[test]
    fn people_read_what_an_anomaly_departs_from() {
        let mut out = Vec::new();
        let input = swaying_with_a_spike();
        let mut screen = screen_of(&mut out, false, None);
        explain(Lines::new(input.as_bytes()), &mut screen, &mut Vec::new()).unwrap();
        let out = String::from_utf8(out).unwrap();
        let expected = "line 252: 2026-01-01 20:50:00,900.0 scores 1.00: value 900 where 100 to 110 is usual\n\
                        300 values, 1 anomaly\n";
        assert_eq!(out, expected);
    }
}
