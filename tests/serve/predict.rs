//! `POST /predict`, and the other paths of a model.

use std::time::Duration;

use multi_input::{
    prelude::*,
    serve::{self, axum::http::StatusCode, Served, Server, Settings},
};
use serde_json::{json, Value};

use crate::house::{
    ask_async, get, house, inputs, is_close, post, predict, request, row, rows, runtime,
    serialized, served, trained, with,
};

#[test]
fn a_row_and_a_list_give_what_the_model_predicts() {
    let model = trained(7);
    let all = rows(700);
    let known = serialized(&model.predict(&inputs(&all)).unwrap());
    let answer = predict(&house(), &Value::from(all.clone()));
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["model-generation"], "1");
    assert_eq!(answer.json(), known, "the same rows in the same chunks have the same bits");
    let one = serialized(&model.predict(&inputs(&all[..1])).unwrap()[0]);
    assert_eq!(predict(&house(), &all[0]).json(), one);
    assert_eq!(predict(&house(), &json!([])).json(), json!([]));
    // Whatever type the client sends.
    let as_text: Value = json!({
        "area": "40", "age": " 0 ", "town": " Ulm", "garden": "yes", "rents": ["0", 2.5],
        "district": 0.0, "sold": "2024-01-01", "tags": [], "unknown": [{}]
    });
    assert_eq!(predict(&house(), &as_text).json(), one);
}

#[test]
fn rows_of_several_requests_are_predicted_together() {
    let settings = Settings::default().workers(1).batching(64, Duration::from_secs(9));
    let router = with(settings);
    let all = rows(300);
    let known = serialized(&trained(7).predict(&inputs(&all)).unwrap());
    let answers = runtime().block_on(async {
        let asked = all.iter().map(|row| {
            let (router, row) = (router.clone(), row.to_string());
            tokio::spawn(async move {
                ask_async(&router, request("POST", "/predict", "application/json", row)).await
            })
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.unwrap().json());
        }
        answers
    });
    for (answer, known) in answers.iter().zip(known.as_array().unwrap()) {
        assert!(is_close(answer, known), "{answer} {known}");
    }
    let metrics = get(&router, "/metrics");
    let figure = |name: &str| -> f64 {
        let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    assert_eq!(figure("multi_input_rows_total{model=\"house\"}"), 300.0);
    assert_eq!(
        figure("multi_input_requests_total{model=\"house\",route=\"predict\",status=\"200\"}"),
        300.0
    );
    assert_eq!(figure("multi_input_pending_requests{model=\"house\"}"), 0.0);
    let batches = figure("multi_input_batch_rows_count{model=\"house\"}");
    assert!(batches < 200.0, "{batches} batches");
}

#[test]
fn an_explanation_sums_up_to_the_prediction() {
    let question = json!({ "row": row(3), "output": "price" });
    let answer = post(&house(), "/explain", question.to_string());
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let found = answer.json();
    let number = |value: &Value| value.as_f64().unwrap();
    let shares = found["shares"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|share| number(&share["share"])).sum();
    let difference = number(&found["prediction"]) - number(&found["baseline"]);
    assert!((sum - difference).abs() < 1e-3, "{found}");
    assert!(shares.iter().any(|share| share["name"] == "area"), "{found}");
    let predicted = predict(&house(), &row(3)).json();
    assert!(is_close(&predicted["price"], &found["prediction"]));
    // The mean stands for a distribution, and the predicted class for the classes.
    for (output, element) in [("days", Some(0)), ("kind", None), ("flags", Some(0))] {
        let question = json!({ "row": row(3), "output": output });
        let answer = post(&house(), "/explain", question.to_string()).json();
        assert!(element.is_none_or(|element| answer["element"] == element), "{answer}");
    }
    for (question, status, text) in [
        (json!({ "row": row(3), "output": "code" }), 422, "no output `code`"),
        (json!({ "row": row(3), "output": "price", "element": 3 }), 422, "no element 3"),
        (json!({ "row": {} }), 422, "row 0, field `measures`"),
        (json!({ "output": "price" }), 422, "missing field `row`"),
        (json!([]), 422, "expected an object"),
    ] {
        let answer = post(&house(), "/explain", question.to_string());
        assert_eq!(answer.status.as_u16(), status, "{question}");
        assert!(answer.text().contains(text), "{question}: {}", answer.text());
    }
    assert_eq!(post(&house(), "/explain", "{").status, StatusCode::BAD_REQUEST);
}

#[test]
fn without_rows_to_compare_with_nothing_is_explained() {
    let router = serve::router(trained(7)).unwrap();
    assert_eq!(post(&router, "/explain", "{}").status, StatusCode::NOT_FOUND);
    assert_eq!(post(&router, "/models/House/predict", row(1).to_string()).status, StatusCode::OK);
    assert!(!get(&router, "/openapi.json").text().contains("/explain"));
}

#[test]
fn a_server_says_what_it_is() {
    let router = house();
    assert_eq!(get(&router, "/health").json(), json!({ "status": "ok" }));
    assert_eq!(get(&router, "/ready").json(), json!({ "status": "ready" }));
    let known = json!([{ "name": "house", "path": "/models/house", "generation": 1 }]);
    assert_eq!(get(&router, "/models").json(), known);
    assert_eq!(get(&router, "/description").json()["model"], "House");
    let page = get(&router, "/");
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.headers["content-security-policy"]
        .to_str()
        .unwrap()
        .contains("script-src 'self'"));
    assert!(page.text().contains("/page.js"));
    assert!(get(&router, "/page.js").text().contains("/predict"));
    assert_eq!(get(&router, "/models/house").status, StatusCode::OK);
}

#[test]
fn a_model_that_is_not_fitted_is_not_ready() {
    let router = serve::router(crate::house::House::build(&Cpu::default(), Seed(1))).unwrap();
    let ready = get(&router, "/ready");
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().contains("`House` is not fitted"), "{}", ready.text());
    let answer = predict(&router, &row(1));
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "1");
}

#[test]
fn several_models_versions_and_a_shadow_have_names() {
    let [first, second] = [served(7), served(8)];
    let router = Server::new()
        .model("house", &first)
        .shadow(&second)
        .version("house", "2", &second)
        .model("other", &second)
        .router()
        .unwrap();
    let ask = |path: &str| post(&router, path, row(5).to_string()).json();
    let known = ask("/predict");
    assert_eq!(ask("/models/house/predict"), known);
    let other = ask("/models/house/versions/2/predict");
    assert_ne!(other, known);
    assert_eq!(ask("/models/other/predict"), other);
    // Two requests had a shadow.
    let compared = || {
        let metrics = get(&router, "/metrics");
        let start = "multi_input_shadow_difference_count{model=\"house\",output=\"price\"} ";
        let line =
            metrics.text().lines().find_map(|line| line.strip_prefix(start).map(str::to_owned));
        line.is_some_and(|count| count == "2")
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !compared() {
        assert!(std::time::Instant::now() < deadline, "{}", get(&router, "/metrics").text());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn names_and_shadows_that_do_not_fit_are_refused() {
    #[multi_input_model]
    pub struct Flat {
        #[input]
        rooms: f32,
        #[from(rooms)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        rent: f32,
    }
    let (house, flat) = (served(7), Served::new(Flat::build(&Cpu::default(), Seed(1))));
    for (server, text) in [
        (Server::new(), "it has no models"),
        (Server::new().model("a/b", &house), "`a/b` is no name for a path"),
        (Server::new().model("", &house), "`` is no name"),
        (Server::new().model("a", &house).version("a", "..", &house), "`..` is no name"),
        (Server::new().model("a", &house).model("a", &flat), "two models have the name `a`"),
        (Server::new().model("a", &house).shadow(&flat), "a shadow of `House` cannot be `Flat`"),
        (Server::new().shadow(&flat), "a shadow of no model cannot be `Flat`"),
    ] {
        let error = server.router().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
