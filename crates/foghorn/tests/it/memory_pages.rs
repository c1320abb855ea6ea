//! Keeping the memory in order by its pages: buttons and a form that work without a script.

use crate::pages::{OWN, submit};
use foghorn_testkit::{App, event};
use serde_json::{Value, json};

async fn import(app: &App, memories: Value) {
    app.post("/api/v1/memory/import", memories).await.expect(200);
}

async fn memory(app: &App, id: &str) -> Value {
    app.get(&format!("/api/v1/memory/{id}")).await.expect(200).json()
}

#[tokio::test]
async fn each_button_does_what_it_says_comes_back_and_is_audited() {
    let app = App::new();
    import(&app, json!([{ "id": "pg/7 ü", "summary": "pool full", "solution": "raised it", "confirmed": false }]))
        .await;
    let page = app.get("/memory?q=pool").await.expect(200).text;
    assert!(page.contains("draft, not confirmed") && page.contains("value=\"pg/7 ü\""), "{page}");
    let address = "pg%2F7%20%C3%BC";
    let cases: [(&'static str, &str, Value); 5] = [
        ("act=confirm&id=pg/7+%C3%BC&user=ana&q=pool", "confirmed", json!(true)),
        ("act=helped&id=pg/7+%C3%BC&user=ana&q=pool", "helped", json!(1)),
        ("act=not_helped&id=pg/7+%C3%BC&user=ana&q=pool", "not_helped", json!(1)),
        ("act=retire&id=pg/7+%C3%BC&user=ana&q=pool", "retired_at", json!("2026-01-02T03:04:05Z")),
        ("act=restore&id=pg/7+%C3%BC&user=ana&q=pool", "retired_at", Value::Null),
    ];
    for (form, field, expected) in cases {
        let rows = app.audit().await.len();
        submit(&app, "/memory/act", "http://evil.example", form).await.expect(403);
        assert_eq!(app.audit().await.len(), rows, "{form}");
        let answer = submit(&app, "/memory/act", OWN, form).await.expect(303);
        assert!(answer.headers["location"].to_str().unwrap().starts_with("/memory?q=pool#memory-"), "{form}");
        assert_eq!(memory(&app, address).await[field], expected, "{form}");
        assert_eq!(app.audit().await[rows..], ["ana memory_edited"], "{form}");
    }
    let page = app.get("/memory").await.expect(200).text;
    assert!(page.contains("helped 1×") && page.contains("did not help 1×"), "{page}");
    submit(&app, "/memory/act", OWN, "act=confirm&id=nobody").await.expect(404);
    submit(&app, "/memory/act", OWN, "act=explode&id=pg/7+%C3%BC").await.expect(400);
}

#[tokio::test]
async fn the_form_shows_what_is_remembered_and_keeps_what_is_written() {
    let app = App::new();
    let lines = (1..=60).map(|n| format!("step {n}")).collect::<Vec<_>>().join("\n");
    import(&app, json!([{ "id": "a", "summary": "<b>pool</b>", "solution": lines, "confirmed": false }])).await;
    let form = app.get("/memory/edit?id=a&q=pool").await.expect(200).text;
    assert!(form.contains("&lt;b&gt;pool") && form.contains("step 1\nstep 2\n") && form.contains("step 60</textarea>"));
    assert!(form.contains("Save and confirm") && form.contains("href=\"/memory?q=pool\""), "{form}");
    for blank in ["id=a&summary=+&solution=x", "id=a&summary=x&solution=%0D%0A"] {
        submit(&app, "/memory/edit", OWN, blank).await.expect(400);
    }
    let written = "id=a&summary=pool+full&solution=raised+it%0D%0Apassword%3Dhunter2secret&user=ana&incident=7";
    let answer = submit(&app, "/memory/edit", OWN, written).await.expect(303);
    assert_eq!(answer.headers["location"], "/incidents/7");
    let kept = memory(&app, "a").await;
    assert_eq!((&kept["summary"], &kept["confirmed"]), (&json!("pool full"), &json!(true)));
    assert_eq!(kept["solution"], "raised it\npassword=[REDACTED:password]");
    app.get("/memory/edit?id=nobody").await.expect(404);
    app.get("/memory/edit?id=a&incident=x").await.expect(400);
}

#[tokio::test]
async fn long_lists_are_paged_and_empty_ones_say_what_to_do() {
    let app = App::new();
    assert!(app.get("/memory").await.expect(200).text.contains("Nothing is written down yet"));
    let many = (0..120).map(|n| json!({ "id": format!("m{n}"), "summary": format!("trouble {n}"), "solution": "x" }));
    import(&app, many.collect()).await;
    let (mut next, mut seen) = (Some("/memory?q=trouble".to_owned()), 0);
    while let Some(address) = next {
        let page = app.get(&address).await.expect(200).text;
        seen += page.matches("id=\"memory-").count();
        let older = page.split("<a href=\"").find(|part| part.contains("rel=\"next\""));
        next = older.map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    }
    assert_eq!(seen, 120);
    assert!(app.get("/memory?q=unheard-of").await.expect(200).text.contains("Nothing in memory holds these words"));
}

#[tokio::test]
async fn an_incident_s_page_asks_whether_the_fix_helped_and_offers_its_draft() {
    let mut app = App::new();
    import(
        &app,
        json!([{ "id": "pg-7", "summary": "database query timeout", "solution": "added an index", "author": "ben" }]),
    )
    .await;
    app.settle().await;
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    let page = app.get("/incidents/1?tab=memory").await.expect(200).text;
    let remembered = page.split("id=\"remembered\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(remembered.contains("added an index") && remembered.contains("value=\"helped\""), "{remembered}");
    let beside = page.split("id=\"M1\"").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(beside.contains("value=\"not_helped\""), "{beside}");
    let helped = submit(&app, "/memory/act", OWN, "act=helped&id=pg-7&user=ana&incident=1").await.expect(303);
    assert_eq!(helped.headers["location"], "/incidents/1?noted=helped");
    assert!(app.get("/incidents/1?noted=helped").await.text.contains("Noted that it helped"));
    assert_eq!(memory(&app, "pg-7").await["helped"], 1);

    assert!(!page.contains("Was it this?"));
    submit(&app, "/incidents/1/actions", OWN, "action=resolve&user=ana&note=restarted+the+pool").await.expect(303);
    let page = app.get("/incidents/1").await.expect(200).text;
    let draft = page.split("id=\"draft\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(draft.contains("ana: restarted the pool.") && draft.contains("value=\"confirm\""), "{draft}");
    submit(&app, "/memory/act", OWN, "act=confirm&id=draft-1&user=ben&incident=1").await.expect(303);
    assert!(!app.get("/incidents/1").await.expect(200).text.contains("Was it this?"));
    let confirmed = memory(&app, "draft-1").await;
    assert_eq!((&confirmed["author"], &confirmed["confirmed"]), (&json!("ben"), &json!(true)));
}
