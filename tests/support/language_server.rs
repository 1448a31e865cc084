//! A language server at work on a crate of one file.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use serde_json::{json, Value};

/// It compiles what the crate depends on before it answers.
const PATIENCE: Duration = Duration::from_secs(600);

/// A line and a column, both from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    line: u64,
    column: u64,
}

impl Place {
    /// Where `text` has `mark` for the `nth` time, from 0.
    pub fn of(text: &str, mark: &str, nth: usize) -> Place {
        let offset = text.match_indices(mark).nth(nth).expect("the mark").0;
        let before = &text[..offset];
        let line = before.matches('\n').count() as u64;
        let column = (offset - before.rfind('\n').map_or(0, |end| end + 1)) as u64;
        Place { line, column }
    }

    /// So many letters further on.
    pub fn after(self, letters: u64) -> Place {
        Place { column: self.column + letters, ..self }
    }

    /// A place in a file of that name.
    pub fn in_file(self, name: &str) -> (String, Place) {
        (name.to_owned(), self)
    }

    fn json(self) -> Value {
        json!({ "line": self.line, "character": self.column })
    }
}

/// The server, with one file open.
pub struct Server {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    file: String,
    next: u64,
}

impl Server {
    /// Starts `program` on a crate whose library is `text`, and waits until it knows everything.
    pub fn start(program: &str, text: &str) -> Server {
        let folder = folder();
        write_crate(&folder, text);
        let mut process = Command::new(program)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server to start");
        let to = process.stdin.take().unwrap();
        let from = listen(BufReader::new(process.stdout.take().unwrap()));
        let root = format!("file://{}", folder.display());
        let mut server = Server { process, to, from, file: format!("{root}/src/lib.rs"), next: 1 };
        server.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": root,
                "workspaceFolders": [{ "uri": root, "name": "house" }],
                "capabilities": {
                    "experimental": { "serverStatusNotification": true },
                    "textDocument": { "hover": { "contentFormat": ["markdown"] } },
                },
                "initializationOptions": {
                    "checkOnSave": false,
                    "cachePriming": { "enable": false },
                    "cargo": { "buildScripts": { "enable": true }, "targetDir": folder.join("target") },
                    "procMacro": { "enable": true, "attributes": { "enable": true } },
                },
            }),
        );
        server.notify("initialized", json!({}));
        let document =
            json!({ "uri": server.file, "languageId": "rust", "version": 0, "text": text });
        server.notify("textDocument/didOpen", json!({ "textDocument": document }));
        server.wait_until_quiet();
        server
    }

    /// The text that a hover shows.
    pub fn hover(&mut self, place: Place) -> String {
        let answer = self.ask_at("textDocument/hover", place);
        answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Where a name leads, by the file's name.
    pub fn definitions(&mut self, place: Place) -> Vec<(String, Place)> {
        let answer = self.ask_at("textDocument/definition", place);
        let targets = answer.as_array().cloned().unwrap_or_default();
        let target = |target: Value| {
            let uri = target["uri"].as_str().or(target["targetUri"].as_str())?.to_owned();
            let range = match target["range"].is_object() {
                true => &target["range"],
                false => &target["targetSelectionRange"],
            };
            let number = |name: &str| range["start"][name].as_u64();
            let place = Place { line: number("line")?, column: number("character")? };
            Some(place.in_file(uri.rsplit('/').next()?))
        };
        targets.into_iter().filter_map(target).collect()
    }

    /// What is offered at a place.
    pub fn completions(&mut self, place: Place) -> Vec<String> {
        let answer = self.ask_at("textDocument/completion", place);
        let items = answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default();
        let label = |item: &Value| item["label"].as_str().map(str::to_owned);
        let plain =
            |label: String| label.split(['(', '{', '<', '…', ' ']).next().unwrap().to_owned();
        items.iter().filter_map(label).map(plain).collect()
    }

    /// Types: the whole file is now `text`.
    pub fn change(&mut self, text: &str) {
        let version = self.next;
        let document = json!({ "uri": self.file, "version": version });
        let changes = json!([{ "text": text }]);
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    /// Lets it end.
    pub fn stop(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.process.wait().expect("the server to end");
    }

    fn ask_at(&mut self, method: &str, place: Place) -> Value {
        let document = json!({ "uri": self.file });
        self.request(method, json!({ "textDocument": document, "position": place.json() }))
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message["method"].is_null() {
                let error = &message["error"];
                // The file has changed while it was looking: it asks to be asked again.
                if error["code"] == -32801 {
                    return self.request(method, params);
                }
                assert!(error.is_null(), "{method}: {error}");
                return message["result"].clone();
            }
        }
    }

    fn wait_until_quiet(&mut self) {
        loop {
            let message = self.receive();
            if message["method"] == "experimental/serverStatus" {
                let status = &message["params"];
                assert_ne!(status["health"], "error", "{status}");
                if status["quiescent"] == true {
                    return;
                }
            }
        }
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len())
            .expect("the server to listen");
        self.to.flush().expect("the server to listen");
    }

    /// The next message; what the server asks of an editor gets an answer that says nothing.
    fn receive(&mut self) -> Value {
        let message = self.from.recv_timeout(PATIENCE).expect("the server to say something");
        if !message["id"].is_null() && !message["method"].is_null() {
            let items = message["params"]["items"].as_array().map_or(0, Vec::len);
            let result = match message["method"] == "workspace/configuration" {
                true => json!(vec![Value::Null; items]),
                false => Value::Null,
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
        }
        message
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failed assertion it still runs; after `stop` there is nothing to kill.
        let _ = self.process.kill();
    }
}

/// Reads messages in a thread of its own, so that waiting for one can end.
fn listen(mut from: BufReader<impl Read + Send + 'static>) -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap_or(0),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        let read = from.read_exact(&mut body).ok();
        let message = read.and_then(|()| serde_json::from_slice(&body).ok());
        let Some(message) = message else { return };
        if sender.send(message).is_err() {
            return;
        }
    });
    receiver
}

/// In the target folder, so that what is compiled there is kept.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor")
}

fn write_crate(folder: &Path, text: &str) {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let runtime = runtime.canonicalize().expect("the runtime's folder");
    let manifest = format!(
        "[package]\nname = \"house\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies]\nmulti-input = {{ path = {runtime:?} }}\n\
         dfdx = {{ version = \"=0.13.0\", default-features = false, features = [\"std\", \"cpu\"] }}\n"
    );
    fs::create_dir_all(folder.join("src")).expect("the crate's folder");
    fs::write(folder.join("Cargo.toml"), manifest).expect("the crate's manifest");
    fs::write(folder.join("src/lib.rs"), text).expect("the crate's file");
}
