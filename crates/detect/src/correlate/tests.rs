use super::*;
use foghorn_domain::event::Origin;
use jiff::Timestamp;
use serde_json::json;

fn event(payload: &str, metadata: Value) -> Event {
    Event {
        id: 1,
        source: "checkout".into(),
        event_type: "log".into(),
        payload: payload.into(),
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        status: None,
        dedup_key: None,
        episode: None,
        event_timestamp: None,
        severity: None,
        origin: Origin::Events,
        service: "checkout".into(),
        environment: "default".into(),
        partition: 0,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn found(payload: &str, metadata: Value) -> Vec<String> {
    correlations(&event(payload, metadata)).into_iter().map(|c| format!("{}={}", c.attribute, c.value)).collect()
}

#[test]
fn metadata_names_what_an_event_shares() {
    let check = |metadata: Value, expected: &[&str]| assert_eq!(found("x", metadata.clone()), expected, "{metadata}");
    check(json!({"host": "Web1"}), &["host=web1"]);
    check(json!({"instance": "web1:9100", "hostname": "web1"}), &["host=web1"]);
    check(json!({"traceId": "4BF92F"}), &["trace=4bf92f"]);
    check(json!({"db_host": "orders-db:5432", "db_name": "orders"}), &["database=orders", "database=orders-db"]);
    check(json!({"db": {"instance": "orders"}}), &["database=orders"]);
    check(json!({"labels": {"node": "n7"}}), &["host=n7"]);
    check(json!({"database": "postgres://u:p@orders-db:5432/orders?x=1"}), &["database=orders-db", "database=orders"]);
    check(json!({"release": "v1.2.3", "commit": "ABC123def"}), &["deploy=checkout v1.2.3", "deploy=abc123def"]);
    check(
        json!({"peer.service": "payments", "upstream": "http://10.0.0.9:8080/x"}),
        &["upstream=10.0.0.9", "upstream=payments"],
    );
    check(json!({"host": "localhost", "db_host": "127.0.0.1:5432", "trace_id": "", "node": null}), &[]);
}

#[test]
fn the_text_names_what_an_event_shares() {
    let check = |text: &str, expected: &[&str]| {
        let mut got = found(text, json!({}));
        got.sort();
        assert_eq!(got, expected, "{text}");
    };
    check("cannot reach postgres://app:secret@Orders-DB:5432/orders", &["database=orders", "database=orders-db"]);
    check("jdbc:mysql://db1.prod/shop refused", &["database=db1.prod", "database=shop"]);
    check("jdbc:sqlserver://db2:1433;databaseName=Shop", &["database=db2", "database=shop"]);
    check("jdbc:oracle:thin:@ora1:1521/shop", &["database=ora1"]);
    check("timeout expired host=orders-db port=5432 dbname=orders", &["database=orders", "database=orders-db"]);
    check(
        "connection to server at \"orders-db\" (10.0.0.5), port 5432 failed: timeout expired",
        &["database=orders-db"],
    );
    check("Can't connect to MySQL server on 'db1' (110)", &["database=db1"]);
    check("FATAL: the database \"orders\" does not exist", &["database=orders"]);
    check("dial tcp: timeout connecting to orders-db:5432", &["database=orders-db"]);
    check("dial tcp 10.1.2.3:6379: i/o timeout", &["database=10.1.2.3"]);
    check("could not connect to host \"web7\"", &["host=web7"]);
    check(
        "upstream timed out, upstream: \"http://10.0.0.9:8080/pay\", host: \"shop.example\"",
        &["host=shop.example", "upstream=10.0.0.9"],
    );
    check("connect to localhost:5432 and 127.0.0.1:3306 and [::1]:6379 failed", &[]);
    check("rhost=10.1.1.1 nothing to see", &[]);
    check("No route to host: no further information", &[]);
    check("{\"host\": \"web7\"} host:web8 hostname = web9", &["host=web7", "host=web8", "host=web9"]);
    check("slow request trace_id=4bf92f3577b34da6", &["trace=4bf92f3577b34da6"]);
}

#[test]
fn two_services_that_time_out_on_one_database_share_a_value() {
    let one = found("could not connect: timeout expired (host=orders-db port=5432)", json!({}));
    let two = found("ERROR Database connection timeout", json!({"db_host": "orders-db:5432"}));
    let three = found("dial tcp orders-db:5432: i/o timeout", json!({}));
    for other in [two, three] {
        assert!(one.iter().any(|value| value.starts_with("database=") && other.contains(value)), "{one:?} {other:?}");
    }
}

#[test]
fn there_are_at_most_twelve_and_none_is_long_or_twice_there() {
    let text: String = (0..500).map(|n| format!("to db{n}.example:5432, host=\"{}\" ", "h".repeat(500))).collect();
    let many: Map<String, Value> = (0..5_000).map(|n| (format!("k{n}"), json!({"host": format!("h{n}")}))).collect();
    for found in
        [found(&text, json!({})), found(&text, Value::Object(many)), found("x", json!({"trace": "é".repeat(1000)}))]
    {
        assert!(found.len() <= MAX_CORRELATIONS && !found.is_empty());
        assert!(found.iter().all(|value| value.split_once('=').unwrap().1.chars().count() <= MAX_VALUE));
        assert!(found.iter().enumerate().all(|(index, value)| !found[..index].contains(value)));
    }
}
