//! Connections, and their failing.

use super::method::{Call, Reply, carry_out};
use super::{Fault, Shared};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response};
use foghorn_domain::clock::Timestamp;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(super) async fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Takes connections until the task is aborted, which ends them too.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = shared.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(shared.clone(), request));
            // An error is a connection that was cut, which is what was wanted.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(name) = path.strip_prefix("/response/") {
        let answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
        shared.record().responses.push((name.to_owned(), answer));
        shared.changed();
        return Ok(Response::new(Body::from("ok")));
    }
    let method = path.strip_prefix("/api/").unwrap_or_default();
    let call = call(method, &parts.headers, &body, shared.clock.now());
    let fault = {
        let mut record = shared.record();
        record.calls.push(call.method.clone());
        record.next_fault(&call.method)
    };
    let reply = fault.as_ref().is_none_or(Fault::lands).then(|| carry_out(&shared, &call));
    if fault == Some(Fault::LandLate) {
        shared.late.lock().unwrap().push(call);
    }
    shared.changed();
    match fault {
        None => Ok(reply.map_or_else(|| status(500), respond)),
        Some(fault) => fail(fault).await,
    }
}

fn respond(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Body(body) => json(&body),
        Reply::Wait(seconds) => wait(seconds),
    }
}

async fn fail(fault: Fault) -> Result<Response<Body>, io::Error> {
    match fault {
        Fault::TooMany(seconds) => Ok(wait(seconds)),
        Fault::Status(code) => Ok(status(code)),
        Fault::LandThenFail => Ok(status(500)),
        Fault::Html => Ok(Response::new(Body::from("<!DOCTYPE html><title>Down for maintenance</title>"))),
        Fault::OkFalse(code) => Ok(json(&serde_json::json!({ "ok": false, "error": code }))),
        Fault::Hang | Fault::LandThenHang | Fault::LandLate => std::future::pending().await,
        Fault::Cut | Fault::LandThenCut => Err(io::Error::other("cut")),
        Fault::HalfClose => {
            let half = [Ok(Bytes::from_static(b"{\"ok\":tr")), Err(io::Error::other("half"))];
            let body = Body::from_stream(futures_util::stream::iter(half));
            Ok(Response::builder().header("content-length", 1_000).body(body).unwrap())
        }
        Fault::Endless => {
            let chunk = Bytes::from(vec![b' '; 64 * 1024]);
            let body = Body::from_stream(futures_util::stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone())));
            Ok(Response::new(body))
        }
    }
}

fn call(method: &str, headers: &HeaderMap, body: &[u8], at: Timestamp) -> Call {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let arguments: Map<String, Value> = if is_json {
        serde_json::from_slice(body).unwrap_or_default()
    } else {
        form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect()
    };
    let token = header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    Call { method: method.to_owned(), token, arguments, is_json, at }
}

fn json(body: &Value) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/json; charset=utf-8");
    response.body(Body::from(body.to_string())).unwrap()
}

fn wait(seconds: u64) -> Response<Body> {
    let response = Response::builder().status(429).header("retry-after", seconds);
    response.body(Body::from(r#"{"ok":false,"error":"ratelimited"}"#)).unwrap()
}

fn status(code: u16) -> Response<Body> {
    Response::builder().status(code).body(Body::empty()).unwrap()
}
