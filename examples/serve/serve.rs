//! A model behind HTTP: how far will a patient's diabetes progress?
//!
//! ```sh
//! cargo run --release --example serve                       # trains on the study, and serves
//! cargo run --release --example serve -- diabetes.safetensors --port 8080
//! curl localhost:8080/predict -H 'authorization: Bearer secret' -d @patient.json \
//!     -H 'content-type: application/json'
//! ```
//!
//! Without a file it trains for a moment and saves the model as `diabetes.safetensors` in the folder for
//! temporary files. When that file is replaced, the server goes on with the new one: no request is lost.
//! `--save FILE` trains with the seed of `--seed`, saves and ends; `--export FILE.onnx` beside it exports
//! the same model as ONNX. `--key` sets what clients have to send; `--open` lets everyone in.
//! `--self-test` asks the server and ends.
//!
//! # TLS
//!
//! TLS is a matter of the connections, below the router. Most servers stand behind a proxy that ends TLS
//! (nginx, Caddy, a cloud's balancer). Without one, the crate `axum-server` with `tls-rustls` serves the
//! same router: `axum_server::bind_rustls(address, config).serve(router.into_make_service())`.

#[path = "../diabetes/diabetes.rs"]
mod diabetes;
mod key;
mod log;
mod self_test;

use std::{
    path::{Path, PathBuf},
    process::exit,
    time::{Duration, SystemTime},
};

use key::Key;
use multi_input::{
    prelude::*,
    serve::{axum::middleware::from_fn_with_state, Connections, Served, Server, Settings},
};
use tokio::net::TcpListener;

/// Predicts the progression from nine measurements and the patient's sex.
#[multi_input_model]
#[derive(Clone)]
pub struct Diabetes {
    /// Age, body-mass index and blood pressure, as the study scales them.
    #[input(standardize, columns("age", "bmi", "bp"))]
    vitals: [f32; 3],

    /// 0 or 1.
    #[input]
    #[branch(Embedding(2, 2))]
    sex: u32,

    /// Six values of the blood serum, which may not have been taken.
    #[input(missing = zeros, standardize, columns("s1", "s2", "s3", "s4", "s5", "s6"))]
    #[branch(Dense(8, relu))]
    serum: Option<[f32; 6]>,

    #[merge(concat(vitals, sex, serum, present(serum)))]
    #[branch(Dense(16, relu))]
    patient: [f32; 16],

    /// The progression of the disease after a year: mean and standard deviation, 25 to 346 in the study.
    #[from(patient)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, metrics(rmse), standardize)]
    progression: f32,
}

/// What the command line asks for.
struct Arguments {
    file: Option<PathBuf>,
    port: u16,
    key: Option<String>,
    self_test: bool,
    save: Option<PathBuf>,
    export: Option<PathBuf>,
    seed: u64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = read_arguments();
    log::to_stderr();
    let rows = study();
    if let Some(file) = &arguments.save {
        let model = train(&rows, arguments.seed, file)?;
        if let Some(onnx) = &arguments.export {
            model.export_onnx(onnx)?;
            println!("exported: {}", onnx.display());
        }
        return Ok(());
    }
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => {
            let file = std::env::temp_dir().join("diabetes.safetensors");
            train(&rows, arguments.seed, &file)?;
            file
        }
    };
    let served = Served::new(Model::load(&file, &Cpu::default())?).background(&rows)?;
    // The same file as a version of its own, which is not replaced.
    let first = Served::new(Model::<Diabetes>::load(&file, &Cpu::default())?);
    let server = Server::new()
        .model("diabetes", &served)
        .version("diabetes", "first", &first)
        .settings(Settings::default().body_limit(256 << 10).timeout(Duration::from_secs(5)));
    // Everything behind this layer needs the key, but not `/health` and `/ready`, which balancers ask.
    let router = server.router()?.layer(from_fn_with_state(Key(arguments.key.clone()), key::check));

    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(follow(file, served.clone()));
        if !arguments.self_test {
            println!("http://{address}");
            let ended = async { _ = tokio::signal::ctrl_c().await };
            return Connections::default().run(listener, router, ended).await;
        }
        let (end, ends) = tokio::sync::oneshot::channel::<()>();
        let ended = async { _ = ends.await };
        let connections = Connections::default().drain(Duration::ZERO);
        let server = tokio::spawn(connections.run(listener, router, ended));
        let result = self_test::ask(address, arguments.key.as_deref()).await?;
        _ = end.send(());
        server.await??;
        println!("result: {result}");
        Ok(())
    })?;
    Ok(())
}

/// Replaces the model whenever its file changes.
async fn follow(file: PathBuf, served: Served<Diabetes>) {
    let changed = |file: &Path| file.metadata().and_then(|found| found.modified()).ok();
    let mut seen: Option<SystemTime> = changed(&file);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let found = changed(&file);
        if found.is_none() || found == seen {
            continue;
        }
        seen = found;
        let (file, served) = (file.clone(), served.clone());
        // Loading takes a while, so it is no work for a task.
        let swapped = tokio::task::spawn_blocking(move || served.swap_file(file)).await;
        if let Ok(Err(error)) = swapped {
            eprintln!("the model before goes on: {error}");
        }
    }
}

/// Trains on the study and saves the model.
fn train(rows: &[DiabetesSample], seed: u64, file: &Path) -> multi_input::Result<Model<Diabetes>> {
    let mut model = Diabetes::build(&Cpu::default(), Seed(seed));
    Trainer::new(Adam::new(3e-3))
        .epochs(60)
        .batch_size(32)
        .seed(Seed(seed))
        .progress(Progress::silent())
        .fit(&mut model, rows)?;
    println!("trained: {}", model.evaluate(rows)?);
    model.save(file)?;
    println!("saved: {}", file.display());
    Ok(model)
}

/// The study's patients. The serum of every fifth one is taken away, so that the model learns to do
/// without.
fn study() -> Vec<DiabetesSample> {
    let row = |(index, patient): (usize, diabetes::Patient)| DiabetesSample {
        vitals: patient.vitals,
        sex: patient.sex,
        serum: (index % 5 > 0).then_some(patient.serum),
        progression: patient.progression,
    };
    diabetes::patients().into_iter().enumerate().map(row).collect()
}

fn read_arguments() -> Arguments {
    let key = Some("secret".to_owned());
    let mut arguments = Arguments {
        file: None,
        port: 8080,
        key,
        self_test: false,
        save: None,
        export: None,
        seed: 7,
    };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--port" => match given.next().and_then(|port| port.parse().ok()) {
                Some(port) => arguments.port = port,
                None => explain("--port needs a number"),
            },
            "--seed" => match given.next().and_then(|seed| seed.parse().ok()) {
                Some(seed) => arguments.seed = seed,
                None => explain("--seed needs a number"),
            },
            "--save" => match given.next() {
                Some(file) => arguments.save = Some(file.into()),
                None => explain("--save needs a file"),
            },
            "--export" => match given.next() {
                Some(file) => arguments.export = Some(file.into()),
                None => explain("--export needs a file"),
            },
            "--key" => match given.next() {
                Some(key) => arguments.key = Some(key),
                None => explain("--key needs a text"),
            },
            "--open" => arguments.key = None,
            "--self-test" => (arguments.self_test, arguments.port) = (true, 0),
            option if option.starts_with('-') => explain(&format!("there is no option {option}")),
            _ if arguments.file.is_some() => explain("there is one file at most"),
            file => arguments.file = Some(file.into()),
        }
    }
    if arguments.export.is_some() && arguments.save.is_none() {
        explain("--export goes with --save");
    }
    arguments
}

fn explain(mistake: &str) -> ! {
    eprintln!(
        "{mistake}\nusage: [FILE.safetensors | --save FILE [--export FILE.onnx]] [--seed N] [--port N] [--key TEXT | --open] [--self-test]"
    );
    exit(2);
}
