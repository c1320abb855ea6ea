//! A storm's one message stands for many: a crash between posting and recording it leaves none of them untold, and
//! none told a second time without saying so.

use foghorn_testkit::{App, FakeSlack, Fault};
use serde_json::{Value, json};

const INCIDENTS: i64 = 30;

fn firing(number: i64) -> Value {
    json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} of service-{number} fails"),
            "metadata": { "severity": "warning", "service": format!("service-{number}") } })
}

async fn a_storm() -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.strict_rate(true);
    let app = App::at_slack(&slack, "");
    app.send_all((0..INCIDENTS).map(firing).collect()).await;
    (slack, app)
}

/// The program dies when the call that meets `fault` has been made and not been answered, and is started again.
async fn dies_at(slack: &FakeSlack, mut app: App, fault: Fault) -> App {
    slack.fault_on("chat.postMessage", fault);
    tokio::select! {
        () = app.settle() => panic!("nothing was on its way"),
        () = slack.until(|slack| slack.faults_due() == 0) => {}
    }
    app.restart().await
}

fn told(app: &App, status: &str) -> i64 {
    app.count(&format!("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND status = '{status}'"))
}

fn marked(app: &App) -> i64 {
    app.count("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND may_repeat")
}

#[tokio::test]
async fn what_a_storms_message_carries_is_known_before_it_leaves() {
    let (slack, app) = a_storm().await;
    let app = dies_at(&slack, app, Fault::LandThenHang).await;
    let carried = "SELECT count(*) FROM notifications n WHERE receiver = 'slack' AND status = 'pending' AND told_with =
                   (SELECT incident_id FROM notifications c WHERE c.receiver = 'slack' AND c.in_flight)";
    assert_eq!(app.count(carried), INCIDENTS - 1);
    let lines = app.get("/api/v1/incidents/30/explain").await.expect(200).json()["lines"].to_string();
    assert!(lines.contains("waiting to be told to slack") && lines.contains("storm: told together with"), "{lines}");
}

#[tokio::test]
async fn a_storm_that_had_landed_is_found_and_told_nobody_again() {
    let (slack, app) = a_storm().await;
    let mut app = dies_at(&slack, app, Fault::LandThenHang).await;
    app.tell_everybody().await;
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert_eq!((told(&app, "sent"), told(&app, "joined"), marked(&app)), (1, INCIDENTS - 1, 0));
    assert_eq!(app.count("SELECT count(*) FROM slack_messages WHERE message_text LIKE 'Storm: 30 incidents%'"), 1);
    let length = if app.handles.store.is_shared() { "jsonb_array_length" } else { "json_array_length" };
    assert_eq!(app.count(&format!("SELECT sum({length}(message_blocks)) FROM slack_messages")), 2);
    // It is a storm's message like any other: the next of it joins it, and it is kept true.
    app.send_all((100..110).map(firing).collect()).await;
    app.tell_everybody().await;
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].sections()[0].contains("40 incidents"), "{:#?}", messages[0].sections());
}

#[tokio::test]
async fn a_storm_that_is_not_to_be_found_is_told_again_as_one_and_says_so() {
    let (slack, app) = a_storm().await;
    let mut app = dies_at(&slack, app, Fault::Hang).await;
    app.tell_everybody().await;
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].sections()[0].contains("30 incidents") && messages[0].sections()[0].contains("may repeat"));
    assert_eq!((told(&app, "sent"), told(&app, "joined"), marked(&app)), (1, INCIDENTS - 1, INCIDENTS));
    // An edit does not take the mark off.
    app.act(3, "resolve").await.expect(200);
    app.tell_everybody().await;
    let first = &slack.all_messages()[0];
    assert!(first.edits.len() == 1 && first.sections()[0].contains("may repeat"), "{first:#?}");
}

#[tokio::test]
async fn what_was_silenced_after_the_crash_is_not_told_again() {
    let (slack, app) = a_storm().await;
    let mut app = dies_at(&slack, app, Fault::Hang).await;
    let silence = json!({ "matchers": ["service = service-17"], "duration": "2h", "comment": "known", "user": "ana" });
    app.post("/api/v1/silences", silence).await.expect(201);
    app.tell_everybody().await;
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].sections()[0].contains("29 incidents"), "{:#?}", messages[0].sections());
    assert_eq!((told(&app, "held"), told(&app, "joined"), marked(&app)), (1, 28, 29));
}

#[tokio::test]
async fn what_slack_may_have_taken_keeps_the_rest_waiting_and_what_it_refused_does_not() {
    for (fault, carries) in [(Fault::LandThenCut, true), (Fault::Cut, true), (Fault::TooMany(30), false)] {
        let (slack, mut app) = a_storm().await;
        slack.fault_on("chat.postMessage", fault.clone());
        app.settle().await;
        let waiting =
            app.count("SELECT count(*) FROM notifications WHERE status = 'pending' AND told_with IS NOT NULL");
        assert_eq!(waiting, if carries { INCIDENTS - 1 } else { 0 }, "{fault:?}");
        let attempts = slack.calls().iter().filter(|call| *call == "chat.postMessage").count();
        assert_eq!(attempts, 1, "nobody is told on his own meanwhile: {fault:?}");
        app.tell_everybody().await;
        assert_eq!(slack.all_messages().len(), 1, "{fault:?}");
        assert_eq!(told(&app, "sent") + told(&app, "joined"), INCIDENTS, "{fault:?}");
        assert_eq!(slack.all_messages()[0].sections()[0].contains("may repeat"), fault == Fault::Cut, "{fault:?}");
    }
}

#[tokio::test]
async fn a_storm_that_is_given_up_leaves_the_others_to_be_told() {
    let (slack, mut app) = a_storm().await;
    slack.fault_on("chat.postMessage", Fault::OkFalse("invalid_blocks"));
    app.tell_everybody().await;
    assert_eq!((told(&app, "failed"), told(&app, "sent") + told(&app, "joined")), (1, INCIDENTS - 1));
    assert_eq!(slack.all_messages().len(), 1);
}
