//! What was to be told in another's message, when that message never goes out.

use foghorn_testkit::{App, FakeSlack, Fault, event};
use serde_json::json;

/// Eight services that one dead database stops: eight incidents, one telling.
const SERVICES: [&str; 8] = ["cart", "checkout", "orders", "search", "users", "stock", "billing", "mail"];

async fn a_dead_database() -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::at_slack(&slack, "");
    slack.fault_on("chat.postMessage", Fault::TooMany(30));
    for service in SERVICES {
        let text = "ERROR could not connect to server: Connection refused. Is the server running on host \"orders-db\" \
                    and accepting TCP/IP connections on port 5432?";
        app.send(event(service, "log", text)).await;
    }
    app.settle().await;
    assert_eq!((told(&app, "pending"), told(&app, "joined")), (1, 7));
    (slack, app)
}

fn told(app: &App, status: &str) -> i64 {
    app.count(&format!("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND status = '{status}'"))
}

async fn silence(app: &App, service: &str) {
    let matchers = [format!("service = {service}")];
    let wanted = json!({ "matchers": matchers, "duration": "2h", "comment": "known", "user": "ana" });
    app.post("/api/v1/silences", wanted).await.expect(201);
}

#[tokio::test]
async fn what_joined_a_message_that_is_silenced_before_it_leaves_is_told_on_its_own() {
    let (slack, mut app) = a_dead_database().await;
    silence(&app, SERVICES[0]).await;
    app.tell_everybody().await;
    assert_eq!((told(&app, "held"), told(&app, "sent") + told(&app, "joined")), (1, 7));
    assert!(told(&app, "sent") > 0 && !slack.all_messages().is_empty());
    assert!(slack.all_messages().iter().all(|message| !message.text.contains("cart")));
}

#[tokio::test]
async fn what_joined_it_and_is_silenced_too_is_held_like_it() {
    let (slack, mut app) = a_dead_database().await;
    for service in SERVICES {
        silence(&app, service).await;
    }
    app.tell_everybody().await;
    assert_eq!(told(&app, "held"), 8);
    assert!(slack.all_messages().is_empty());
}
