use crate::support::{client, mark, message};
use foghorn_slack::blocks::{render_confirmation, render_modal};
use foghorn_slack::{Secret, SlackClient};
use foghorn_testkit::FakeSlack;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_message_is_posted_edited_and_continued_in_its_thread() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    let posted = client.post(FakeSlack::CHANNEL, &message("it broke"), None, &mark("n1")).await.unwrap();
    assert_eq!(posted.channel, slack.channel_id(FakeSlack::CHANNEL));
    let edited = client.update(FakeSlack::CHANNEL, &posted.ts, &message("ana has it")).await.unwrap();
    assert_eq!(edited, posted);
    let reply = client.post(&posted.channel, &message("evidence"), Some(&posted.ts), &mark("n2")).await.unwrap();
    let messages = slack.messages(FakeSlack::CHANNEL);
    assert_eq!(messages.len(), 2);
    assert_eq!((&*messages[0].text, &*messages[0].edits[0].text), ("ana has it", "it broke"));
    assert_eq!(messages[0].notification_id(), Some("n1"), "an edit leaves the mark");
    assert_eq!((messages[1].thread_ts.as_ref(), &messages[1].ts), (Some(&posted.ts), &reply.ts));
    assert_eq!(slack.calls(), ["chat.postMessage", "chat.update", "chat.postMessage"]);
}

#[tokio::test]
async fn a_channels_name_is_looked_up_once_where_only_an_id_will_do() {
    let slack = FakeSlack::start().await;
    (0..1_200).for_each(|number| drop(slack.add_channel(&format!("channel-{number}"))));
    let last = slack.add_channel("the-last");
    let client = client(&slack);
    assert_eq!(client.channel_id("#the-last").await.unwrap(), last);
    assert_eq!(client.channel_id("#the-last").await.unwrap(), last);
    assert_eq!(client.channel_id("the-last").await.unwrap(), last);
    assert_eq!(client.channel_id(&last).await.unwrap(), last);
    assert_eq!(slack.calls().len(), 3, "three pages, once");
    assert_eq!(client.channel_id("#nowhere").await.unwrap_err().code(), "channel_not_found");
}

#[tokio::test]
async fn the_token_is_tested_and_people_are_looked_up() {
    let slack = FakeSlack::start().await;
    slack.add_user(json!({ "id": "U2", "name": "gu\u{202e}est", "is_ultra_restricted": true, "team_id": "T0THERS" }));
    slack.add_user(json!({ "id": "U3", "is_stranger": true, "deleted": true, "is_bot": true }));
    let client = client(&slack);
    let identity = client.auth_test().await.unwrap();
    assert_eq!((&*identity.team_id, identity.bot_id.is_some()), (FakeSlack::TEAM, true));
    let john = client.user("U1").await.unwrap();
    assert_eq!((&*john.name, john.team_id.as_deref()), ("john.doe", Some(FakeSlack::TEAM)));
    assert!(!(john.is_guest || john.is_stranger || john.is_bot || john.is_deleted));
    let guest = client.user("U2").await.unwrap();
    assert_eq!((&*guest.name, guest.is_guest, guest.is_stranger), ("guest", true, false));
    let stranger = client.user("U3").await.unwrap();
    assert_eq!((&*stranger.name, stranger.is_stranger, stranger.is_deleted, stranger.is_bot), ("U3", true, true, true));
    assert_eq!(client.user("U9").await.unwrap_err().code(), "user_not_found");
}

#[tokio::test]
async fn a_click_is_answered_and_a_form_opened() {
    let slack = FakeSlack::start().await;
    let client = client(&slack);
    let answer = render_confirmation("Incident 1 acknowledged by john.doe");
    client.respond(&slack.response_url("click-1"), &answer).await.unwrap();
    assert_eq!(slack.responses(), [("click-1".to_owned(), answer)]);
    client.open_view("13.37", &render_modal(1)).await.unwrap();
    assert_eq!(slack.views()[0]["private_metadata"], "1");
    assert_eq!(client.open_view("expired", &render_modal(1)).await.unwrap_err().code(), "expired_trigger_id");
    client.ephemeral(FakeSlack::CHANNEL, "U1", "not recorded, try again").await.unwrap();
    assert_eq!(slack.ephemerals()[0]["text"], "not recorded, try again");
    let elsewhere = client.respond("http://127.0.0.1:1/response/x", &json!({})).await;
    assert_eq!(elsewhere.unwrap_err().code(), "bad_address");
}

#[tokio::test]
async fn the_token_is_in_no_error_and_no_debug_output() {
    let slack = FakeSlack::start().await;
    let token = "xoxb-very-secret";
    let client = SlackClient::new(&slack.base_url(), Secret::new(token), Duration::from_secs(30)).unwrap();
    let error = client.post(FakeSlack::CHANNEL, &message("x"), None, &mark("n")).await.unwrap_err();
    assert_eq!(error.code(), "invalid_auth");
    let nowhere = SlackClient::new("http://127.0.0.1:1/api", Secret::new(token), Duration::from_secs(30)).unwrap();
    let unreachable = nowhere.auth_test().await.unwrap_err();
    let seen = format!("{client:?} {error:?} {error} {unreachable:?} {unreachable}");
    assert!(!seen.contains(token) && seen.contains("SET"), "{seen}");
    // A token that cannot be a header is no panic and is not shown either.
    let broken = SlackClient::new(&slack.base_url(), Secret::new("xoxb-\n"), Duration::from_secs(30)).unwrap();
    assert_eq!(broken.auth_test().await.unwrap_err().code(), "bad_address");
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for address in ["", "slack.com/api", "ftp://slack.com/", "file:///etc", "https://"] {
        let made = SlackClient::new(address, Secret::new("x"), Duration::from_secs(1));
        assert_eq!(made.unwrap_err().code(), "bad_address", "{address}");
    }
}
