//! The memory of fixes over HTTP: what is asked, imported, edited and exported, and what of it is refused.

use axum::body::Body;
use axum::http::Method;
use foghorn_testkit::{Answer, App, event};
use serde_json::{Value, json};

const MEMORIES: &str = r#"{"id":"inc-1","service":"orders","labels":["db","pool"],"incident_type":"db_timeout","summary":"Checkout could not get a database connection, the pool was exhausted","solution":"Raised max_connections and recycled the pool","author":"ana"}
{"id":"inc-2","service":"mail","labels":["tls"],"incident_type":"error","summary":"Mails were not delivered because the certificate of the relay had expired","solution":"Renewed the certificate, alert 14 days before the next one ends"}
{"id":"inc-3","service":"search","labels":["disk"],"incident_type":"error","summary":"The index could not be written, the disk was full of old segments","solution":null}
"#;

async fn remembering() -> App {
    let mut app = App::new();
    import(&app, MEMORIES).await.expect(200);
    app.settle().await;
    app
}

async fn import(app: &App, lines: &str) -> Answer {
    app.post_bytes("/api/v1/memory/import?user=ana", "application/x-ndjson", lines.as_bytes().to_vec()).await
}

async fn patch(app: &App, id: &str, body: Value) -> Answer {
    let request = App::local(Method::PATCH, &format!("/api/v1/memory/{id}")).header("content-type", "application/json");
    app.request(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn found(app: &App, query: &str) -> Vec<String> {
    let answer = app.post("/semantic-search", json!({ "query": query, "limit": 50 })).await.expect(200).json();
    let id = |found: &Value| found["incident_id"].as_str().unwrap().to_owned();
    answer["incidents"].as_array().unwrap().iter().map(id).collect()
}

#[track_caller]
fn has_fields(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value.get(*name).is_some(), "no {name} in {value:#}");
    }
}

#[tokio::test]
async fn every_call_answers_in_the_shape_that_is_promised() {
    let app = remembering().await;
    let asked = "no free database connections at checkout";
    let answer = app.post("/semantic-search", json!({ "summary": asked })).await.expect(200).json();
    assert_eq!((&answer["status"], &answer["query"]), (&json!("success"), &json!(asked)));
    let incidents = answer["incidents"].as_array().unwrap();
    assert_eq!(answer["total_found"], incidents.len());
    assert_eq!(
        (&answer["search_params"]["limit"], &answer["search_params"]["query_was_cut"]),
        (&json!(3), &json!(false))
    );
    let first = &incidents[0];
    assert_eq!((&first["incident_id"], &first["service"]), (&json!("inc-1"), &json!("orders")));
    assert_eq!((&first["labels"], &first["incident_type"]), (&json!(["db", "pool"]), &json!("db_timeout")));
    assert_eq!((&first["has_solution"], &first["is_weak_match"]), (&json!(true), &json!(true)));
    has_fields(first, &["summary", "solution", "author", "confirmed", "learned_from_incident"]);
    let similarity = first["similarity"].as_f64().unwrap();
    assert!((0.3..=1.0).contains(&similarity), "{first}");

    let answer = app.get("/search?q=no%20free%20database%20connections%20at%20checkout&k=1").await.expect(200).json();
    assert_eq!((&answer["query"], &answer["count"]), (&json!(asked), &json!(1)));
    let result = &answer["results"][0];
    assert_eq!(
        (&result["id"], &result["service"], &result["type"]),
        (&json!("inc-1"), &json!("orders"), &json!("db_timeout"))
    );
    has_fields(result, &["summary"]);
    assert!((result["distance"].as_f64().unwrap() - (1.0 - similarity)).abs() < 0.002, "{result}");
    let other = app.get("/search?q=database%20connections&service=mail").await.expect(200).json();
    assert!(other["results"].as_array().unwrap().iter().all(|result| result["service"] == "mail"), "{other}");

    let answer = app.get("/incidents/similar?service=Orders&labels=pool,tls&limit=5").await.expect(200).json();
    assert_eq!((&answer["count"], &answer["similar_incidents"][0]["id"]), (&json!(1), &json!("inc-1")));
    assert_eq!(answer["filters"], json!({ "service": "Orders", "labels": ["pool", "tls"], "limit": 5 }));

    let list = app.get("/api/v1/memory?limit=2&count=exact").await.expect(200).json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["total"]), (2, &json!(3)));
    let next = list["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/memory?limit=2&cursor={next}")).await.expect(200).json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    let one = app.get("/api/v1/memory/inc-2").await.expect(200).json();
    assert_eq!((&one["service"], &one["confirmed"], &one["origin"]), (&json!("mail"), &json!(true), &json!("import")));

    let export = app.get("/api/v1/memory/export").await.expect(200);
    assert_eq!(export.headers["content-type"], "application/x-ndjson");
    assert_eq!(export.text.lines().count(), 3);
}

#[tokio::test]
async fn what_cannot_be_asked_is_answered_with_the_field_at_fault() {
    let app = remembering().await;
    let search = |body: Value| ("POST", "/semantic-search".to_owned(), body.to_string());
    let get = |path: &str| ("GET", path.to_owned(), String::new());
    let edit = |id: &str, body: &str| ("PATCH", format!("/api/v1/memory/{id}"), body.to_owned());
    let post = |path: &str, body: &str| ("POST", path.to_owned(), body.to_owned());
    let cases = [
        (search(json!({})), 400, "query"),
        (search(json!({ "query": "" })), 400, "query"),
        (search(json!({ "query": " \n\t " })), 400, "query"),
        (search(json!({ "query": 7 })), 400, "query"),
        (search(json!([])), 400, "body"),
        (post("/semantic-search", "{"), 400, "body"),
        (search(json!({ "query": "x", "limit": 0 })), 422, "limit"),
        (search(json!({ "query": "x", "limit": 51 })), 422, "limit"),
        (search(json!({ "query": "x", "limit": 10_000 })), 422, "limit"),
        (search(json!({ "query": "x", "limit": -1 })), 422, "limit"),
        (search(json!({ "query": "x", "limit": 1.5 })), 422, "limit"),
        (search(json!({ "query": "x", "limit": "ten" })), 422, "limit"),
        (search(json!({ "query": "x", "similarity_threshold": 1.1 })), 422, "similarity_threshold"),
        (search(json!({ "query": "x", "similarity_threshold": "high" })), 422, "similarity_threshold"),
        (search(json!({ "query": "x", "service": 7 })), 400, "service"),
        (get("/search"), 400, "q"),
        (get("/search?q=%20"), 400, "q"),
        (get("/search?q=x&k=0"), 422, "k"),
        (get("/search?q=x&k=51"), 422, "k"),
        (get("/search?q=x&k=10000"), 422, "k"),
        (get("/search?q=x&k=ten"), 422, "k"),
        (get("/incidents/similar?limit=0"), 422, "limit"),
        (get("/incidents/similar?limit=51"), 422, "limit"),
        (get("/api/v1/memory?limit=0"), 422, "limit"),
        (get("/api/v1/memory?cursor=there"), 422, "cursor"),
        (get("/api/v1/memory/nobody"), 404, "nobody"),
        (get("/api/v1/memory/export?retired=perhaps"), 422, "retired"),
        (edit("nobody", r#"{"confirmed":true}"#), 404, "nobody"),
        (edit("inc-1", "{}"), 400, "body"),
        (edit("inc-1", "no"), 400, "body"),
        (edit("inc-1", r#"{"confirmed":"yes"}"#), 400, "confirmed"),
        (edit("inc-1", r#"{"solution":" "}"#), 400, "solution"),
        (edit("inc-1", r#"{"helped":1}"#), 400, "helped"),
        (post("/api/v1/memory/import", ""), 400, "body"),
        (post("/api/v1/memory/import", "[{]"), 400, "body"),
        (post("/incidents/999/solution", r#"{"solution":"x","user":"ana"}"#), 404, "999"),
    ];
    for ((method, path, body), status, field) in cases {
        let request = App::local(method.parse().unwrap(), &path).header("content-type", "application/json");
        let answer = app.request(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.text);
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(field), "{method} {path} {body}: {problem}");
    }
    assert_eq!(app.get("/api/v1/memory").await.json()["total"], 3, "nothing was changed by what was refused");
}

#[tokio::test]
async fn odd_questions_are_answered_and_long_ones_are_cut_and_it_is_said() {
    let app = remembering().await;
    let long = format!("the pool of database connections is exhausted {}", "and so on ".repeat(10_000));
    for (query, is_cut) in [(long.as_str(), true), ("🙂🙂🙂", false), ("\u{0}\u{202e}", false), ("%_'\"--;*", false)]
    {
        let answer = app.post("/semantic-search", json!({ "query": query, "limit": 50 })).await.expect(200).json();
        assert_eq!(answer["search_params"]["query_was_cut"], is_cut, "{answer:.300}");
        assert!(answer["query"].as_str().unwrap().chars().count() <= 8_000);
    }
    let emoji = app.post("/semantic-search", json!({ "query": "🙂", "limit": 1 })).await.expect(200).json();
    assert_eq!(emoji["total_found"], emoji["incidents"].as_array().unwrap().len());
    // Whatever is asked for, everything is shown once it is asked for with a threshold of nothing.
    let all = app.post("/semantic-search", json!({ "query": "x", "limit": 50, "similarity_threshold": 0 })).await;
    assert_eq!(all.expect(200).json()["total_found"], 3);
}

#[tokio::test]
async fn a_bad_line_is_named_and_the_others_are_imported() {
    let mut app = App::new();
    let long = json!({ "id": "long", "summary": "disk full ".repeat(100_000) }).to_string();
    let lines = [
        r#"{"id":"a","summary":"first telling of it"}"#,
        "{",
        "",
        r#"{"id":"b"}"#,
        r#"{"id":"c","summary":"x","labels":"db"}"#,
        r#"{"id":"a","summary":"second telling of it"}"#,
        &long,
        "\u{feff}null",
    ];
    let answer = import(&app, &lines.join("\n")).await.expect(207).json();
    assert_eq!(
        (&answer["imported"], &answer["new"], &answer["rejected"]),
        (&json!(3), &json!(2), &json!(4)),
        "{answer}"
    );
    assert_eq!(answer["replaced_ids"], json!(["a"]));
    let at = |entries: &Value| -> Vec<u64> {
        entries.as_array().unwrap().iter().map(|entry| entry["line"].as_u64().unwrap()).collect()
    };
    assert_eq!((at(&answer["rejected_lines"]), at(&answer["cut_fields"])), (vec![2, 4, 5, 8], vec![7]), "{answer}");
    assert!(answer["rejected_lines"][1]["error"].as_str().unwrap().contains("summary"), "{answer}");
    assert_eq!(app.get("/api/v1/memory/a").await.json()["summary"], "second telling of it");
    let kept = app.get("/api/v1/memory/long").await.json();
    assert_eq!(kept["summary"].as_str().unwrap().chars().count(), "disk full ".repeat(2_000).trim_end().len());
    app.settle().await;
    assert!(found(&app, "the disk is full").await.contains(&"long".to_owned()));
    assert!(app.audit().await.contains(&"ana memory_imported".to_owned()));
    let nothing = import(&app, "{\n[]").await.expect(422).json();
    assert_eq!((&nothing["status"], &nothing["imported"]), (&json!("rejected"), &json!(0)));
}

#[tokio::test]
async fn what_other_programs_write_is_recalled_as_it_is_now_however_they_write_it() {
    let mut app = remembering().await;
    let [insert_new, update] = match app.handles.store.is_shared() {
        true => ["INSERT INTO", "UPDATE"],
        false => ["INSERT OR IGNORE INTO", "UPDATE OR IGNORE"],
    };
    let writes = [
        "INSERT INTO memory_item (id, summary, service, solution) VALUES ('x', 'tape robot jammed', 'backup', 'freed it')",
        &format!(
            "{insert_new} memory_item (id, summary) VALUES ('inc-2', 'not taken, the id is known') ON CONFLICT DO NOTHING"
        ),
        "INSERT INTO memory_item (id, summary) VALUES ('inc-3', 'tape robot jammed again')
             ON CONFLICT (id) DO UPDATE SET summary = excluded.summary",
        &format!("{update} memory_item SET solution = 'bought a new one' WHERE id = 'x'"),
        "DELETE FROM memory_item WHERE id = 'inc-1'",
    ];
    for write in writes {
        app.run_sql(write);
        app.settle().await;
    }
    let mut tape = found(&app, "the tape robot is jammed").await;
    tape.sort();
    assert_eq!(tape, ["inc-3", "x"]);
    assert!(!found(&app, "no free database connections at checkout").await.contains(&"inc-1".to_owned()));
    assert_eq!(app.get("/api/v1/memory/x").await.json()["solution"], "bought a new one");
}

#[tokio::test]
async fn what_people_say_of_a_memory_counts_at_once_and_is_audited() {
    let mut app = remembering().await;
    let query = "no free database connections at checkout";
    assert_eq!(found(&app, query).await[0], "inc-1");

    let body = json!({ "solution": "Put a pooler in front of the database", "user": "bo" });
    let edited = patch(&app, "inc-1", body).await.expect(200).json();
    assert_eq!(edited["solution"], "Put a pooler in front of the database");
    let helped = patch(&app, "inc-1", json!({ "helped": true, "user": "bo" })).await.expect(200).json();
    assert_eq!((&helped["helped"], &helped["not_helped"]), (&json!(1), &json!(0)));
    let draft = patch(&app, "inc-1", json!({ "confirmed": false, "user": "bo" })).await.expect(200).json();
    assert_eq!(draft["confirmed"], false);

    patch(&app, "inc-1", json!({ "retired": true, "user": "bo" })).await.expect(200);
    app.settle().await;
    assert!(!found(&app, query).await.contains(&"inc-1".to_owned()));
    assert_eq!(app.get("/api/v1/memory/export").await.text.lines().count(), 2);
    assert_eq!(app.get("/api/v1/memory/export?retired=true").await.text.lines().count(), 3);
    patch(&app, "inc-1", json!({ "retired": false, "user": "bo" })).await.expect(200);
    app.settle().await;
    assert_eq!(found(&app, query).await[0], "inc-1");
    assert_eq!(app.audit().await.iter().filter(|entry| *entry == "bo memory_edited").count(), 5);
}

#[tokio::test]
async fn a_written_solution_is_found_by_the_next_like_it_in_other_words_and_another_service() {
    let mut app = App::new();
    app.send(event(
        "checkout",
        "error",
        "ERROR connection pool exhausted: 50 of 50 in use, 212 waiting for a connection",
    ))
    .await;
    app.settle().await;
    let id = App::only(&app.incidents().await)["id"].as_i64().unwrap();
    app.post(&format!("/incidents/{id}/solution"), json!({ "solution": "", "user": "ana" })).await.expect(400);
    let body = json!({ "solution": "Raised the size of the pool to 120", "user": "ana" });
    app.post(&format!("/incidents/{id}/solution"), body).await.expect(200);
    app.settle().await;

    app.send(event("billing", "error", "ERROR cannot obtain a database connection, every one of them is taken")).await;
    app.settle().await;
    let incidents = app.incidents().await;
    let next = app.incident(incidents[1]["id"].as_i64().unwrap()).await;
    assert_eq!(next["service"], "billing");
    let similar = &next["similar"][0];
    assert_eq!(
        (&similar["solution"], &similar["author"]),
        (&json!("Raised the size of the pool to 120"), &json!("ana")),
        "{next:#}"
    );
    assert!((0.3..1.0).contains(&similar["similarity"].as_f64().unwrap()), "{similar}");
}

#[tokio::test]
async fn health_and_status_name_the_model_that_searches() {
    let app = remembering().await;
    let embeddings = &app.get("/health").await.expect(200).json()["dependencies"]["embeddings"];
    assert_eq!(*embeddings, json!({ "status": "ok", "model": "all-MiniLM-L6-v2", "search": "meaning and words" }));
    let memory = &app.get("/status").await.expect(200).json()["memory"];
    let expected = json!({
        "model": "all-MiniLM-L6-v2", "search": "meaning and words", "memories": 3, "waiting_for_embeddings": 0,
    });
    assert_eq!(*memory, expected);
}
