//! A file of own detection rules that changes while Foghorn runs.

use foghorn_pipeline::own_rules::OwnRules;
use foghorn_testkit::{App, event};
use serde_json::{Value, json};

fn rule(name: &str, kind: &str) -> String {
    format!("[[rule]]\nname = \"own.{name}\"\nkind = \"{kind}\"\npattern = '/debug/{name}'\nweight = 0.8\n")
}

/// By which rule the incident of a service was found, where it has one.
async fn found_by(app: &App, service: &str) -> Option<Value> {
    let incidents = app.incidents().await;
    let incident = incidents.iter().find(|incident| incident["service"] == service)?;
    Some(app.incident(incident["id"].as_i64()?).await["evidence"][0]["rule"].clone())
}

#[tokio::test]
async fn a_changed_file_of_rules_counts_for_the_next_event_and_a_wrong_one_changes_nothing() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("rules.toml");
    std::fs::write(&file, rule("console", "rce")).unwrap();
    let mut app = App::with_settings(App::clock(), |settings| settings.rules = OwnRules::load(Some(&file)).unwrap());
    app.send(event("shop", "log", "INFO ana opened /debug/console")).await;
    app.send(event("mail", "log", "INFO ana opened /debug/shell")).await;
    app.settle().await;
    assert_eq!(found_by(&app, "shop").await, Some(json!("own.console")));
    assert_eq!(found_by(&app, "mail").await, None);

    std::fs::write(&file, rule("shell", "evil")).unwrap();
    app.handles.settings.rules.reload();
    app.send(event("mail", "log", "INFO ana opened /debug/shell")).await;
    app.settle().await;
    assert_eq!(found_by(&app, "mail").await, None);
    let state = app.get("/status").await.json()["detection_rules"].clone();
    assert_eq!((&state["in_force"], &state["file"]), (&json!(1), &json!(file)));
    let fault = state["fault"].as_str().unwrap();
    assert!(fault.starts_with(&format!("{}:3:8: kind: must be one of", file.display())), "{fault}");

    std::fs::write(&file, rule("shell", "rce")).unwrap();
    app.handles.settings.rules.reload();
    app.send(event("mail", "log", "INFO ana opened /debug/shell")).await;
    app.settle().await;
    assert_eq!(found_by(&app, "mail").await, Some(json!("own.shell")));
    assert_eq!(app.get("/status").await.json()["detection_rules"]["fault"], Value::Null);
}
