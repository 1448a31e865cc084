//! A model that is replaced while it is asked.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use multi_input::serve::{Server, Settings};
use serde_json::Value;

use crate::house::{ask_async, get, is_close, request, row, runtime, served, trained};

#[test]
fn no_request_is_lost_and_each_has_the_answer_of_one_model() {
    let house = served(7);
    let settings = Settings::default().workers(2).batching(64, Duration::from_millis(1));
    let router = Server::new().model("house", &house).settings(settings).router().unwrap();
    let path = tempfile::tempdir().unwrap();
    let file = path.path().join("house.safetensors");
    trained(8).save(&file).unwrap();

    let ask = |path: &'static str| {
        let (router, row) = (router.clone(), row(5).to_string());
        async move { ask_async(&router, request("POST", path, "application/json", row)).await }
    };
    let first = runtime().block_on(ask("/predict")).json();
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut generations, mut answers): (Vec<String>, Vec<(String, Value)>) = Default::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut answers = Vec::new();
                    while !done.load(Ordering::Relaxed) {
                        let answer = runtime().block_on(ask("/predict"));
                        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
                        let generation = answer.headers["model-generation"].to_str().unwrap();
                        answers.push((generation.to_owned(), answer.json()));
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    answers
                })
            })
            .collect();
        let wait_for = |more: usize| {
            let count = answered.load(Ordering::Relaxed) + more;
            while answered.load(Ordering::Relaxed) < count {
                assert!(clients.iter().all(|client| !client.is_finished()));
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        wait_for(200);
        assert_eq!(house.swap_file(&file).unwrap(), 2);
        wait_for(200);
        // After an error the model before goes on.
        let error = house.swap_file("/nowhere.safetensors").unwrap_err().to_string();
        assert!(error.contains("cannot read /nowhere.safetensors"), "{error}");
        assert_eq!(house.swap(trained(7)), 3);
        wait_for(200);
        done.store(true, Ordering::Relaxed);
        answers = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    });
    let second = answers.iter().find(|(generation, _)| generation == "2").unwrap().1.clone();
    assert!(!is_close(&first, &second));
    for (generation, answer) in &answers {
        let known = if generation == "2" { &second } else { &first };
        assert!(is_close(answer, known), "{generation}: {answer}");
        generations.push(generation.clone());
    }
    generations.sort();
    generations.dedup();
    assert_eq!(generations, ["1", "2", "3"]);
    assert_eq!(get(&router, "/models").json()[0]["generation"], 3);
    assert!(get(&router, "/metrics").text().contains("multi_input_swaps_total{model=\"house\"} 2"));
}
