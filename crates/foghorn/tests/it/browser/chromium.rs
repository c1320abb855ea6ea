//! A headless Chromium with one tab, driven over its DevTools protocol: a WebSocket that takes commands and
//! sends events. Whatever the browser reports that no page of ours may cause is collected on the way.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(30);

/// The tab. Dropping it ends the browser.
pub(crate) struct Tab {
    browser: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    last_id: u64,
    has_loaded: bool,
    incidents: Vec<String>,
    _profile: TempDir,
}

impl Tab {
    /// A new browser with a profile of its own.
    pub(crate) fn open() -> Self {
        let profile = TempDir::new().unwrap();
        let mut browser = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"])
            .args(["--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is no chromium; scripts/test installs it");
        let mut said = BufReader::new(browser.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "chromium ended before it listened");
            if let Some(address) = line.trim().strip_prefix("DevTools listening on ") {
                break address.to_owned();
            }
        };
        // The pipe must be read to its end, or the browser would wait for room in it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let (socket, _) = tungstenite::connect(address).unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        let mut tab = Self {
            browser,
            socket,
            session: None,
            last_id: 0,
            has_loaded: false,
            incidents: Vec::new(),
            _profile: profile,
        };
        let target = tab.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = tab.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        tab.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Audits", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab
    }

    /// One command, and its answer.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(command.to_string())).unwrap();
        let give_up = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < give_up, "the browser never answered {method}");
            let mut heard = self.hear();
            if heard["id"] == id {
                assert!(heard["error"].is_null(), "{method}: {}", heard["error"]);
                return heard["result"].take();
            }
        }
    }

    fn hear(&mut self) -> Value {
        let message = self.socket.read().expect("the browser says nothing any more");
        let heard: Value = serde_json::from_str(message.to_text().unwrap_or_default()).unwrap_or_default();
        match heard["method"].as_str() {
            Some("Page.loadEventFired") => self.has_loaded = true,
            Some("Page.javascriptDialogOpening") => {
                self.incidents.push(format!("a dialog: {}", heard["params"]["message"]));
                self.last_id += 1;
                let answer = json!({ "id": self.last_id, "sessionId": self.session, "method": "Page.handleJavaScriptDialog",
                                     "params": { "accept": false } });
                self.socket.send(Message::text(answer.to_string())).unwrap();
            }
            Some("Log.entryAdded") if heard["params"]["entry"]["level"] == "error" => {
                self.incidents.push(format!("logged: {}", heard["params"]["entry"]));
            }
            Some("Runtime.exceptionThrown" | "Audits.issueAdded") => {
                self.incidents.push(format!("reported: {}", heard["params"]));
            }
            _ => {}
        }
        heard
    }

    /// Goes to an address and waits until the page is loaded.
    #[track_caller]
    pub(crate) fn go(&mut self, address: &str) {
        self.has_loaded = false;
        let answer = self.call("Page.navigate", json!({ "url": address }));
        assert!(answer["errorText"].is_null(), "{address}: {answer}");
        self.wait_until_loaded(address);
    }

    #[track_caller]
    fn wait_until_loaded(&mut self, what: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.has_loaded {
            assert!(Instant::now() < give_up, "no page came of {what}");
            self.hear();
        }
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// The text a person sees in an element.
    #[track_caller]
    pub(crate) fn text(&mut self, selector: &str) -> String {
        self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(selector)))
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until a text stands in an element.
    #[track_caller]
    pub(crate) fn wait_for_text(&mut self, selector: &str, text: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.text(selector).contains(text) {
            assert!(Instant::now() < give_up, "{selector} never said {text:?}; it says {:?}", self.text(selector));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A click with the mouse into the middle of an element, once it stands still.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let give_up = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        let place = loop {
            let place = self.value(&format!(
                "(() => {{ const element = document.querySelector({}); element.scrollIntoView({{ block: 'center' }});
                   const box = element.getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
                json!(selector)
            ));
            if place == last {
                break place;
            }
            assert!(Instant::now() < give_up, "{selector} does not stand still");
            // The mouse goes there, as a person's does, and the page has time to move.
            self.call("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": place[0], "y": place[1] }));
            std::thread::sleep(Duration::from_millis(50));
            last = place;
        };
        for what in ["mousePressed", "mouseReleased"] {
            let parameters = json!({ "type": what, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", parameters);
        }
    }

    /// A click that leads to another page, which is waited for.
    #[track_caller]
    pub(crate) fn follow(&mut self, selector: &str) {
        self.has_loaded = false;
        self.click(selector);
        self.wait_until_loaded(selector);
    }

    /// Types into a field, in place of what stands there.
    #[track_caller]
    pub(crate) fn write(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.value("document.activeElement.select()");
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// How wide and high the window is, and which colours the person prefers.
    pub(crate) fn look(&mut self, width: u32, height: u32, scheme: &str) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme },
                              { "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Saves a picture of the whole page.
    pub(crate) fn picture(&mut self, file: &Path) {
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
        let bytes = data_encoding::BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// What the browser reported so far that no page of ours may cause.
    pub(crate) fn take_incidents(&mut self) -> Vec<String> {
        self.value("1");
        std::mem::take(&mut self.incidents)
    }

    /// Lets go of what the browser logs because an answer was 4xx.
    pub(crate) fn forget_failed_loads(&mut self) {
        self.value("1");
        self.incidents.retain(|incident| !incident.contains("Failed to load resource"));
    }

    /// Fails if a dialog opened, something was refused by a policy or could not be loaded, or a script threw.
    #[track_caller]
    pub(crate) fn assert_nothing_happened(&mut self, where_: &str) {
        // An answer comes after every event before it.
        self.value("1");
        assert!(self.incidents.is_empty(), "{where_}: {:#?}", self.incidents);
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
