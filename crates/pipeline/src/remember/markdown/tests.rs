use super::*;

fn read(text: &str) -> NewMemory {
    from_markdown("2025-03-12-pool", text).unwrap().memory
}

#[test]
fn a_post_mortem_with_sections_becomes_a_memory() {
    let memory = read(
        "# Checkout down for 40 minutes\n\n**Service:** checkout, cart\n**Author:** @ana\n**Tags:** postgres, pool\n\
         Date: 2025-03-12\n\n## Summary\nNo free connections in the *pool*, see [the graph](https://g/x).\n\n\
         ## Root Cause\n- A `long` transaction held them.\n\n### Details\nIt was a report.\n\n## Timeline\n10:02 page\n\n\
         ## Resolution\n1. Killed the transaction\n2. Raised the limit\n\n## Lessons learned\nNone\n",
    );
    assert_eq!(memory.id, "2025-03-12-pool");
    assert_eq!(
        memory.summary,
        "Checkout down for 40 minutes\nNo free connections in the *pool*, see the graph.\nA long transaction held them.\nIt was a report."
    );
    assert_eq!(memory.solution.as_deref(), Some("1. Killed the transaction\n2. Raised the limit"));
    assert_eq!((memory.service.as_str(), memory.author.as_deref()), ("checkout", Some("ana")));
    assert_eq!(memory.labels, ["postgres", "pool"]);
    assert_eq!(memory.created_at.unwrap().to_string(), "2025-03-12T12:00:00Z");
}

#[test]
fn front_matter_says_what_the_text_does_not() {
    let memory = read(
        "---\nid: pm-7\ntitle: Queue stuck\nservice: mail\ntags: [smtp, queue]\nauthors:\n  - zoe\ndate: 2025-01-02T03:04:05Z\n\
         type: queue\n---\nSome words.\n\n## What happened?\nThe queue was stuck.\n## Action items\n- [ ] drop it\n",
    );
    assert_eq!((memory.id.as_str(), memory.service.as_str(), memory.incident_type.as_str()), ("pm-7", "mail", "queue"));
    assert_eq!(memory.summary, "Queue stuck\nThe queue was stuck.");
    assert_eq!(memory.labels, ["smtp", "queue"]);
    assert_eq!((memory.author.as_deref(), memory.solution.as_deref()), (Some("zoe"), Some("drop it")));
    assert_eq!(memory.created_at.unwrap().to_string(), "2025-01-02T03:04:05Z");
}

#[test]
fn tables_underlined_headings_and_numbered_ones_are_read() {
    let memory = read(
        "Disk full\n=========\n\n| Field | Value |\n|---|---|\n| Service | object-store |\n| Owner | ana |\n\n\
         Impact\n------\nUploads failed.\n\n2. Notes\n\n## 3. Mitigation\nDeleted old parts.\n",
    );
    assert_eq!((memory.service.as_str(), memory.author.as_deref()), ("object-store", Some("ana")));
    assert!(memory.summary.starts_with("Disk full\nUploads failed."), "{}", memory.summary);
    assert_eq!(memory.solution.as_deref(), Some("Deleted old parts."));
}

#[test]
fn a_document_without_known_headings_is_all_summary() {
    let memory = read("We ran out of file handles.\n\nRestarting helped.");
    assert_eq!((memory.summary.as_str(), memory.solution), ("We ran out of file handles.\nRestarting helped.", None));
}

#[test]
fn code_is_text_and_no_heading() {
    let memory = read("# Title\n## Fix\n```sh\n# not a heading\nservice: restart\n```\n");
    assert_eq!(memory.solution.as_deref(), Some("not a heading\nservice: restart"));
}

#[test]
fn odd_documents_are_read_or_refused_and_never_a_panic() {
    assert!(from_markdown("a", "").is_err());
    assert!(from_markdown("a", "---\n: : :\n\t- [\n---\nx").unwrap_err().contains("front matter"));
    assert!(from_markdown("", "text").unwrap_err().contains("id"));
    for odd in [
        "---\n",
        "---\n---\n",
        "---\nx",
        "#",
        "######## x",
        "![a](b)",
        "[[[[a](",
        "| | |",
        "```",
        "é: ü",
        "---\n7\n---\nx",
    ] {
        let _ = from_markdown("a", odd);
    }
    let long = format!("# T\n{}", "[a](b) **x** ".repeat(100_000));
    assert_eq!(from_markdown("a", &long).unwrap().cut, ["summary"]);
    for brackets in ["[", "[](", "[a](b", "](", "*", "|", "# ", "x: "] {
        let _ = from_markdown("a", &brackets.repeat(100_000));
    }
}
