//! A model with every kind of input and output, and requests to it.

use std::{net::SocketAddr, sync::OnceLock};

use http_body_util::BodyExt;
use multi_input::{
    data::chrono::NaiveDate,
    prelude::*,
    serve::{
        axum::{
            body::{Body, Bytes},
            http::{header, HeaderMap, Request, StatusCode},
            Router,
        },
        Connections, Served, Server, Settings,
    },
};
use serde::Serialize;
use serde_json::{json, Value};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};
use tower::ServiceExt;

/// A price.
#[derive(Clone, Copy, Debug, PartialEq, Newtype)]
pub struct Euros(f32);

#[multi_input_model]
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct House {
    /// Square metres and years.
    #[input(standardize, columns("area", "age"))]
    measures: [f32; 2],
    /// Where it is.
    #[input(categories(8))]
    #[branch(Embedding(8, 4))]
    town: String,
    #[input]
    garden: bool,
    #[input(missing = zeros)]
    #[branch(Dense(3, relu))]
    rents: Option<[f64; 2]>,
    #[input]
    #[branch(Embedding(5, 2))]
    district: u32,
    #[input(calendar(month, weekday))]
    sold: NaiveDate,
    #[input(categories(10), pad(4))]
    #[branch(Embedding(10, 3), GlobalAveragePool1D)]
    tags: Vec<String>,
    #[merge(concat(measures, town, garden, rents, district, sold, tags))]
    #[branch(Dense(6, tanh))]
    hidden: [f32; 6],
    /// What it fetched.
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize, wraps = f32)]
    price: Euros,
    #[from(hidden)]
    #[branch(Dense(2))]
    #[output(loss = gaussian)]
    days: f32,
    #[from(hidden)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<3>,
    #[from(hidden)]
    #[branch(Dense(2))]
    #[output(loss = binary_cross_entropy)]
    flags: [bool; 2],
    #[from(hidden)]
    #[output]
    code: [f32; 6],
}

const TOWNS: [&str; 3] = ["Ulm", "Bonn", "Kiel"];

/// A row as JSON.
pub fn row(n: usize) -> Value {
    let mut row = json!({
        "area": 40 + n % 90,
        "age": (n * 7 % 60) as f32 / 2.0,
        "town": TOWNS[n % 3],
        "garden": n.is_multiple_of(2),
        "rents": [n % 10, 2.5],
        "district": n % 5,
        "sold": format!("2024-{:02}-{:02}", n % 12 + 1, n % 28 + 1),
        "tags": TOWNS[..n % 4],
    });
    if n % 4 == 1 {
        row.as_object_mut().unwrap().remove("rents");
    }
    row
}

pub fn rows(count: usize) -> Vec<Value> {
    (0..count).map(row).collect()
}

pub fn inputs(rows: &[Value]) -> Vec<HouseInputs> {
    rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect()
}

fn samples() -> Vec<HouseSample> {
    let sample = |n: usize| {
        let mut sample = row(n);
        let targets = json!({
            "price": n % 90,
            "days": n % 30,
            "kind": (["flat", "villa"][n % 2]),
            "flags": [n.is_multiple_of(3), n.is_multiple_of(2)],
        });
        sample.as_object_mut().unwrap().extend(targets.as_object().unwrap().clone());
        serde_json::from_value(sample).unwrap()
    };
    (0..60).map(sample).collect()
}

/// Predictions as the outputs of the model are serialized.
pub fn serialized(predictions: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(predictions).unwrap()).unwrap()
}

/// A trained model; another seed gives other predictions.
pub fn trained(seed: u64) -> Model<House> {
    let mut model = House::build(&Cpu::default(), Seed(seed));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent());
    trainer.fit(&mut model, &samples()).unwrap();
    model
}

pub fn served(seed: u64) -> Served<House> {
    Served::new(trained(seed)).background(&samples()[..20]).unwrap()
}

/// The server of most tests.
pub fn house() -> Router {
    static SERVER: OnceLock<Router> = OnceLock::new();
    SERVER.get_or_init(|| with(Settings::default())).clone()
}

pub fn with(settings: Settings) -> Router {
    Server::new().model("house", &served(7)).settings(settings).router().unwrap()
}

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let new = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    RUNTIME.get_or_init(new)
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

/// The answer of a router.
pub async fn ask_async(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}

pub fn request(method: &str, path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
    request.body(body.into()).unwrap()
}

pub fn ask(router: &Router, request: Request<Body>) -> Answer {
    runtime().block_on(ask_async(router, request))
}

pub fn get(router: &Router, path: &str) -> Answer {
    ask(router, request("GET", path, "text/plain", ""))
}

pub fn post(router: &Router, path: &str, body: impl Into<Body>) -> Answer {
    ask(router, request("POST", path, "application/json", body))
}

pub fn predict(router: &Router, rows: &Value) -> Answer {
    post(router, "/predict", rows.to_string())
}

/// Whether two JSON values are equal up to the rounding of batches.
pub fn is_close(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= 1e-5 * (1.0 + one.abs())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_close(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|o| is_close(value, o)))
        }
        _ => one == other,
    }
}

/// A server on a port of this machine.
pub struct Running {
    pub address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    ended: Option<std::sync::mpsc::Receiver<()>>,
}

impl Running {
    pub fn start(router: Router, connections: Connections) -> Running {
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ends) = oneshot::channel::<()>();
        let (tell, ended) = std::sync::mpsc::channel();
        runtime().spawn(async move {
            connections.run(listener, router, async { _ = ends.await }).await.unwrap();
            tell.send(()).unwrap();
        });
        Running { address, end: Some(end), ended: Some(ended) }
    }

    /// Asks the server to end.
    pub fn end(&mut self) {
        self.end.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) {
        let ended = self.ended.take().unwrap();
        ended.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    }
}
