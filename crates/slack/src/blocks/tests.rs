use super::*;
use crate::escape::json_length;
use foghorn_domain::message::{ActionButton, Message};
use foghorn_domain::severity::Severity;
use serde_json::json;

fn message() -> Message {
    let action = |action_id: &str, label: &str| ActionButton {
        action_id: action_id.to_owned(),
        label: label.to_owned(),
        value: "123".to_owned(),
    };
    Message {
        headline: "CRITICAL · checkout · Database connection timeout".to_owned(),
        history: "Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min".to_owned(),
        change: Some("Changed 4 min before: checkout v1.2.3".to_owned()),
        reason: None,
        title: "*Incident #123* — Database connection timeout (payments, db_timeout)".to_owned(),
        status_line: "Open, not acknowledged · 1,000 events since 14 Mar 02:10 UTC".to_owned(),
        ai_summary: "The pool of checkout is exhausted. Confidence: medium (0.62).".to_owned(),
        causes: vec![
            "1. Leaked connections (E1, M1) - fixes: restart one replica, look at pg_stat_activity".to_owned(),
        ],
        similar: vec![
            "M1 #12 (similarity 0.91): checkout: pool exhausted — fixed by: raised max_connections".to_owned(),
        ],
        related: Vec::new(),
        actions: vec![
            action("ack", "Acknowledge"),
            action("info", "Request More Info"),
            action("resolve", "Mark as Resolved"),
            action("false_positive", "False Positive"),
            action("add_solution", "Add Solution"),
        ],
        marked: Some("analysis without a language model".to_owned()),
        link: Some("https://foghorn.example.org/incidents/123".to_owned()),
    }
}

fn drawn(message: &Message) -> Rendered {
    render(message, &About { incident_id: 123 })
}

fn texts(rendered: &Rendered) -> Vec<&str> {
    let blocks = rendered.blocks.as_array().unwrap().iter();
    blocks.filter_map(|block| block.pointer("/text/text").and_then(Value::as_str)).collect()
}

/// Every limit of a message, checked on what would be sent.
fn within_limits(rendered: &Rendered) {
    assert!(rendered.text.chars().count() <= MAX_TEXT && !rendered.text.is_empty());
    let blocks = rendered.blocks.as_array().unwrap();
    assert!(!blocks.is_empty() && blocks.len() <= MAX_BLOCKS);
    assert!(rendered.blocks.to_string().len() <= MAX_MESSAGE, "{}", rendered.blocks.to_string().len());
    for text in texts(rendered) {
        assert!(!text.is_empty() && json_length(text) <= MAX_SECTION, "{}", json_length(text));
    }
    for element in blocks.iter().filter_map(|block| block["elements"].as_array()).flatten() {
        if element["type"] == "button" {
            assert!(element["text"]["text"].as_str().unwrap().chars().count() <= MAX_BUTTON);
        }
    }
}

#[test]
fn an_incident_is_drawn_like_this() {
    let rendered = drawn(&message());
    within_limits(&rendered);
    insta::assert_snapshot!(rendered.text, @"CRITICAL · checkout · Database connection timeout — Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min — Changed 4 min before: checkout v1.2.3");
    insta::assert_snapshot!(texts(&rendered).join("\n--\n"), @r"
    *Incident #123* — Database connection timeout (payments, db_timeout)
    CRITICAL · checkout · Database connection timeout
    Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min
    Changed 4 min before: checkout v1.2.3
    Open, not acknowledged · 1,000 events since 14 Mar 02:10 UTC · <https://foghorn.example.org/incidents/123|Open incident #123>
    --
    *AI Summary:* The pool of checkout is exhausted. Confidence: medium (0.62).
    Note: analysis without a language model
    --
    *Root causes & fixes:*
    *1.* Leaked connections (E1, M1) - fixes: restart one replica, look at pg_stat_activity
    --
    *Previous Similar Incidents:*
    • M1 #12 (similarity 0.91): checkout: pool exhausted — fixed by: raised max_connections
    ");
    let last = rendered.blocks.as_array().unwrap().last().unwrap();
    let label = json!({ "type": "plain_text", "text": "Acknowledge", "emoji": false });
    let ack = json!({ "type": "button", "action_id": "ack", "text": label, "value": "123", "style": "primary" });
    assert_eq!(last["elements"][0], ack);
    let ids: Vec<&str> =
        last["elements"].as_array().unwrap().iter().map(|b| b["action_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ack", "info", "resolve", "false_positive", "add_solution"]);
    let shapes: Vec<&str> = rendered.blocks.as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(shapes, ["section", "section", "section", "section", "actions"]);
}

#[test]
fn a_message_without_an_analysis_or_a_past_keeps_its_shape() {
    let bare = Message { causes: vec![], similar: vec![], marked: None, change: None, link: None, ..message() };
    let rendered = drawn(&bare);
    let texts = texts(&rendered);
    assert_eq!(texts[2], "*Root causes & fixes:*\nNone known yet");
    assert_eq!(texts[3], "*Previous Similar Incidents:*\nNothing similar");
    assert!(!texts[0].contains('<'));
}

#[test]
fn what_was_done_stands_in_the_first_section_and_its_button_is_gone() {
    let acknowledged = Message {
        status_line: "Acknowledged by ana, 3 min ago".to_owned(),
        actions: message().actions.into_iter().skip(1).collect(),
        ..message()
    };
    let rendered = drawn(&acknowledged);
    assert!(texts(&rendered)[0].contains("Acknowledged by ana, 3 min ago"));
    assert!(!rendered.blocks.to_string().contains(r#""action_id":"ack""#));
    let none = drawn(&Message { actions: Vec::new(), ..message() });
    assert!(none.blocks.as_array().unwrap().iter().all(|block| block["type"] == "section"));
}

#[test]
fn the_value_of_a_button_is_the_incident_whatever_the_message_says() {
    let mut message = message();
    message.actions[0].value = "999".to_owned();
    message.actions.push(ActionButton {
        action_id: "ack".to_owned(),
        label: "Again".to_owned(),
        value: "1".to_owned(),
    });
    message.actions.push(ActionButton { action_id: "drop".to_owned(), label: "x".to_owned(), value: "1".to_owned() });
    let rendered = drawn(&message);
    let buttons = rendered.blocks.as_array().unwrap().last().unwrap()["elements"].as_array().unwrap();
    assert_eq!(buttons.len(), 5);
    assert!(buttons.iter().all(|button| button["value"] == "123"));
}

#[test]
fn a_title_that_is_not_ours_cannot_forge_one() {
    let forged = Message { title: "*Incident #1* — <!channel> *all well*".to_owned(), ..message() };
    let first = texts(&drawn(&forged))[0].lines().next().unwrap().to_owned();
    assert_eq!(first, "*Incident #123* — ∗Incident #1∗ — &lt;!channel&gt; ∗all well∗");
}

/// A text of which every character costs more than itself.
fn hostile(character: &str) -> Message {
    let long = character.repeat(5_000);
    let mut message = message();
    for text in [&mut message.headline, &mut message.history, &mut message.title, &mut message.status_line] {
        text.clone_from(&long);
    }
    message.ai_summary.clone_from(&long);
    (message.change, message.reason, message.marked) = (Some(long.clone()), Some(long.clone()), Some(long.clone()));
    (message.causes, message.similar, message.related) =
        (vec![long.clone(); 9], vec![long.clone(); 9], vec![long.clone(); 500]);
    message.actions.iter_mut().for_each(|action| action.label.clone_from(&long));
    message.link = Some(format!("https://foghorn.example.org/{}", "&".repeat(60)));
    message
}

#[test]
fn however_long_and_hostile_the_text_every_limit_is_kept() {
    for character in ["a", "&", "<!channel>", "\"", "\\", "漢", "🚒", "*b* _i_ ", ":fire: ", "`x` ", "\u{202e}x\n"] {
        let rendered = drawn(&hostile(character));
        within_limits(&rendered);
        let all = format!("{} {}", rendered.text, texts(&rendered).join(" "));
        assert!(!all.contains("<!") && !all.contains('\u{202e}') && !all.contains('`'), "{character}");
        assert!(texts(&rendered)[0].contains("|Open incident #123>"), "what was cut is reachable");
        assert!(texts(&rendered)[4].contains("more"));
        let details =
            render_thread_details(123, &vec![character.repeat(900); 80], &vec![character.repeat(900); 80], None);
        within_limits(&details);
        let many = vec![character.repeat(900); 80];
        within_limits(&render_thread_news(i64::MAX, &many, &many, Some("https://foghorn.example.org/incidents/7")));
        let entry = StormEntry {
            incident_id: i64::MAX,
            headline: character.repeat(900),
            link: Some(format!("https://x/{}", "&".repeat(70))),
        };
        within_limits(&render_storm(&Storm {
            total: u64::MAX,
            by_severity: vec![(Severity::Critical, u64::MAX); 50],
            lasted: character.repeat(900),
            worst: vec![entry; 50],
            link: Some(format!("https://x/{}", "&".repeat(70))),
        }));
    }
}

#[test]
fn a_storm_says_how_many_and_names_the_worst() {
    let entry = |incident_id, headline: &str| StormEntry { incident_id, headline: headline.to_owned(), link: None };
    let rendered = render_storm(&Storm {
        total: 500,
        by_severity: vec![(Severity::Error, 480), (Severity::Critical, 20), (Severity::Info, 0)],
        lasted: "2 min".to_owned(),
        worst: vec![entry(7, "CRITICAL · db · down"), entry(8, "CRITICAL · shop · <slow>")],
        link: Some("https://foghorn.example.org/incidents?since=x".to_owned()),
    });
    assert_eq!(rendered.text, "Storm: 500 incidents in 2 min: 20 critical, 480 error — CRITICAL · db · down");
    insta::assert_snapshot!(texts(&rendered).join("\n--\n"), @r"
    *Storm* — 500 incidents in 2 min: 20 critical, 480 error
    <https://foghorn.example.org/incidents?since=x|Open all of them>
    --
    *The worst:*
    • #7 CRITICAL · db · down
    • #8 CRITICAL · shop · &lt;slow&gt;
    ");
}

#[test]
fn details_count_what_they_leave_out_and_link_to_it() {
    let evidence: Vec<String> = (1..=40).map(|number| format!("E{number} {}", "x".repeat(200))).collect();
    let rendered = render_thread_details(7, &evidence, &[], Some("https://foghorn.example.org/incidents/7"));
    let texts = texts(&rendered);
    let shown = texts[0].matches("• E").count();
    assert!(shown > 5 && texts[0].ends_with(&format!("and {} more", 40 - shown)), "{}", texts[0]);
    assert_eq!(texts[1], "*Previous Similar Incidents:*\nNothing similar");
    let last = rendered.blocks.as_array().unwrap().last().unwrap();
    assert_eq!(last["elements"][0]["text"], "<https://foghorn.example.org/incidents/7|Everything on incident #7>");
}

#[test]
fn news_in_a_thread_names_what_is_new_and_is_never_markup() {
    let (related, evidence) = (["#8 cart: <!channel>".to_owned()], ["1,000 events by now".to_owned()]);
    let rendered = render_thread_news(7, &related, &evidence, None);
    assert_eq!(rendered.text, "New on incident #7: 1,000 events by now");
    let expected =
        ["*New since then:*\n• 1,000 events by now", "*Told with it since then:*\n• #8 cart: &lt;!channel&gt;"];
    assert_eq!(texts(&rendered), expected);
    assert_eq!(texts(&render_thread_news(7, &related, &[], None)), expected[1..]);
}

#[test]
fn what_the_form_asks_is_what_a_submission_answers() {
    let view = render_modal(123);
    for place in ["/title/text", "/submit/text", "/close/text"] {
        assert!(view.pointer(place).unwrap().as_str().unwrap().len() <= 24, "{place}");
    }
    let values = json!({
        view["blocks"][0]["block_id"].as_str().unwrap(): {
            view["blocks"][0]["element"]["action_id"].as_str().unwrap(): { "value": "restarted it" },
        },
        view["blocks"][1]["block_id"].as_str().unwrap(): {
            view["blocks"][1]["element"]["action_id"].as_str().unwrap(): {
                "selected_options": [view["blocks"][1]["element"]["options"][0]],
            },
        },
    });
    let payload = json!({
        "type": "view_submission",
        "user": { "id": "U1" },
        "view": {
            "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"],
            "state": { "values": values },
        },
    });
    let Ok(crate::interaction::Interaction::Submission(read)) = crate::interaction::read(&payload) else { panic!() };
    assert_eq!((read.incident_id, &read.solution[..], read.resolve), (123, "restarted it", true));
}

#[test]
fn a_click_is_answered_in_the_words_of_the_contract() {
    assert_eq!(
        render_confirmation("Incident 123 acknowledged by john.doe"),
        json!({ "response_type": "ephemeral", "replace_original": false, "text": "Incident 123 acknowledged by john.doe" })
    );
    let error = render_form_error("not recorded, try again");
    assert_eq!(error, json!({ "response_action": "errors", "errors": { "solution": "not recorded, try again" } }));
}

#[test]
fn an_emergency_names_every_critical_within_every_limit_whatever_is_in_it() {
    for text in
        ["checkout · the pool is exhausted", "<!channel> \"\\&<>\u{202e}", &"<".repeat(5_000), &"漢".repeat(5_000), ""]
    {
        for lines in [0, 1, 8, 30, 32, 500] {
            let rendered = render_emergency(&Emergency {
                headline: text.to_owned(),
                title: text.to_owned(),
                note: text.to_owned(),
                lines: vec![text.to_owned(); lines],
                left_out: Some(text.to_owned()),
            });
            within_limits(&rendered);
            let named: usize = texts(&rendered)[1..].iter().map(|section| section.lines().count()).sum();
            assert_eq!(named, lines.min(32));
            assert!(!rendered.blocks.to_string().contains("<!channel>") && !rendered.text.contains("<!channel>"));
        }
    }
}
