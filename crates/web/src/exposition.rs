//! From OpenMetrics to the older text format of Prometheus, version 0.0.4, which every scraper reads
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). They differ in little: a counter's
//! description has the name of its samples, with `_total`; there are no units, no type `unknown` and no last line.

/// Adds a gauge with a sample for each word of our own, in front of the last line of OpenMetrics.
pub(crate) fn add_gauge(open_metrics: &mut String, name: &str, help: &str, label: &str, samples: &[(&str, u8)]) {
    let sample = |(word, value): &(&str, u8)| format!("{name}{{{label}=\"{word}\"}} {value}\n");
    add(open_metrics, name, help, &samples.iter().map(sample).collect::<String>());
}

/// Adds a gauge of one number there.
pub(crate) fn add_number(open_metrics: &mut String, name: &str, help: &str, value: u64) {
    add(open_metrics, name, help, &format!("{name} {value}\n"));
}

fn add(open_metrics: &mut String, name: &str, help: &str, samples: &str) {
    const END: &str = "# EOF\n";
    let length = open_metrics.strip_suffix(END).map_or(open_metrics.len(), str::len);
    open_metrics.truncate(length);
    open_metrics.push_str(&format!("# HELP {name} {help}.\n# TYPE {name} gauge\n{samples}{END}"));
}

/// The same metrics in version 0.0.4.
pub(crate) fn as_text_format(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len() + 256);
    let lines: Vec<&str> = open_metrics.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let Some((keyword, rest)) = description(line) else {
            if !line.starts_with('#') {
                text.push_str(line);
                text.push('\n');
            }
            continue;
        };
        let (name, said) = rest.split_once(' ').unwrap_or((rest, ""));
        // The type follows the help, perhaps after the unit.
        let kind = lines.iter().skip(index).take(3).find_map(|line| {
            let (of, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
            (of == name).then_some(kind)
        });
        let suffix = if kind == Some("counter") { "_total" } else { "" };
        let said = if said == "unknown" && keyword == "# TYPE" { "untyped" } else { said };
        text.push_str(&format!("{keyword} {name}{suffix} {said}\n"));
    }
    text
}

fn description(line: &str) -> Option<(&str, &str)> {
    ["# HELP", "# TYPE"].into_iter().find_map(|keyword| Some((keyword, line.strip_prefix(keyword)?.strip_prefix(' ')?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_added_in_front_of_the_end() {
        let mut text = "a 1\n# EOF\n".to_owned();
        add_gauge(&mut text, "up", "Whether it runs", "stage", &[("triage", 1), ("notify", 0)]);
        let added = "# HELP up Whether it runs.\n# TYPE up gauge\nup{stage=\"triage\"} 1\nup{stage=\"notify\"} 0\n";
        assert_eq!(text, format!("a 1\n{added}# EOF\n"));
        let mut text = "# EOF\n".to_owned();
        add_number(&mut text, "n", "How many", 7);
        assert_eq!(text, "# HELP n How many.\n# TYPE n gauge\nn 7\n# EOF\n");
    }

    #[test]
    fn counters_are_described_by_the_name_of_their_samples() {
        let open_metrics = "# HELP a_events Events.\n# TYPE a_events counter\na_events_total{outcome=\"x\"} 1\n\
             # HELP a_wait_seconds Waits.\n# TYPE a_wait_seconds histogram\n# UNIT a_wait_seconds seconds\n\
             a_wait_seconds_sum 0.5\na_wait_seconds_count 1\na_wait_seconds_bucket{le=\"+Inf\"} 1\n\
             # HELP a_left Left.\n# TYPE a_left gauge\na_left 3\n# TYPE a_odd unknown\na_odd 1\n# EOF\n";
        let text = "# HELP a_events_total Events.\n# TYPE a_events_total counter\na_events_total{outcome=\"x\"} 1\n\
             # HELP a_wait_seconds Waits.\n# TYPE a_wait_seconds histogram\n\
             a_wait_seconds_sum 0.5\na_wait_seconds_count 1\na_wait_seconds_bucket{le=\"+Inf\"} 1\n\
             # HELP a_left Left.\n# TYPE a_left gauge\na_left 3\n# TYPE a_odd untyped\na_odd 1\n";
        assert_eq!(as_text_format(open_metrics), text);
    }
}
