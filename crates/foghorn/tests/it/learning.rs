//! What one incident taught is there for the next: written fixes, drafts, and what became of them.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

/// Trouble, and the same in other words from another service.
const POOL: &str = "ERROR QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00";
const POOL_OTHERWISE: &str =
    "FATAL timeout: could not get a database connection from the pool within 30 seconds, all 20 are in use";

async fn open(app: &mut App, service: &str, line: &str) -> i64 {
    app.send(event(service, "log", line)).await;
    app.settle().await;
    app.incidents().await.last().unwrap()["id"].as_i64().unwrap()
}

async fn resolve(app: &mut App, id: i64, more: Value) -> Value {
    let mut body = json!({ "action": "resolve", "user": "ana" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = app.post(&format!("/api/v1/incidents/{id}/actions"), body).await.expect(200).json();
    app.settle().await;
    answer
}

/// Fails unless a fix stands first, with similarity and author, in interface, message and page.
async fn assert_offered_first(app: &App, id: i64, fix: &str, author: &str) {
    let incident = app.incident(id).await;
    let first = &incident["similar"][0];
    assert_eq!((&first["solution"], &first["author"]), (&json!(fix), &json!(author)), "{:#}", incident["similar"]);
    let similarity = first["similarity"].as_f64().unwrap();
    assert!((0.3..1.0).contains(&similarity), "{similarity}");
    let similarity = format!("{similarity:.2}");

    let message = &incident["notifications"][0]["message"];
    let (history, similar) = (message["history"].as_str().unwrap(), message["similar"][0].as_str().unwrap());
    for told in [history, similar] {
        assert!([fix, author, &similarity].iter().all(|part| told.contains(part)), "{told}");
    }

    let page = app.get(&format!("/incidents/{id}?tab=memory")).await.expect(200).text;
    assert!(page.split("id=\"headline\"").nth(1).unwrap().split("</div>").next().unwrap().contains(fix), "{page}");
    let remembered = page.split("id=\"M1\"").nth(1).unwrap().split("</li>").next().unwrap();
    assert!([fix, author, &similarity].iter().all(|part| remembered.contains(part)), "{remembered}");
}

#[tokio::test]
async fn a_written_fix_is_offered_first_to_the_like_in_other_words_from_another_service() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    assert_ne!(first, second);
    assert_offered_first(&app, second, "raised max_connections from 100 to 200", "ana").await;
}

#[tokio::test]
async fn a_confirmed_fix_comes_before_look_alikes_that_have_none() {
    let mut app = App::new();
    let alike = |n: usize, solution: Value, confirmed: bool| {
        let summary =
            format!("billing could not get a database connection from its pool within {n} seconds, all are in use");
        json!({ "id": format!("alike-{n}"), "service": "billing", "summary": summary, "labels": ["db_timeout"],
                "incident_type": "db_timeout", "solution": solution, "confirmed": confirmed })
    };
    let mut lines: Vec<Value> = (1..30).map(|n| alike(n, Value::Null, true)).collect();
    lines.extend((30..40).map(|n| alike(n, json!(format!("restarted it for the time {n}")), false)));
    app.post("/api/v1/memory/import", json!(lines)).await.expect(200);
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    assert_offered_first(&app, second, "raised max_connections from 100 to 200", "ana").await;
}
