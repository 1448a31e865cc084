//! A PostgreSQL server of its own, and what is read of it.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use multi_input::{
    data::{Postgres, Source},
    prelude::*,
};

use super::{check_flat, expected, in_words, FlatSample, Trip, TripSample, QUERY};

/// A server of its own, in a folder that goes with it.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
}

impl Server {
    /// `None` where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Server> {
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        let data = folder.path().join("data");
        // PostgreSQL refuses to run as root.
        let command = |program: &str| {
            let program = find(program)?;
            if fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).ok()?
                != 0
            {
                return Some(Command::new(program));
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            Some(command)
        };
        let mut initialise = command("initdb")?;
        let owned = Command::new("chown").arg("-R").arg("postgres").arg(folder.path()).status();
        assert!(owned.is_ok());
        let made =
            initialise.arg("-D").arg(&data).args(["-U", "tester", "-A", "trust"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let process = command("postgres")?
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server { process, folder };
        let begun = Instant::now();
        while postgres::Client::connect(&server.address(), postgres::NoTls).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("host={} user=tester dbname=postgres", self.folder.path().display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its own process; the folder goes after it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program of PostgreSQL, which Debian keeps out of the path.
fn find(program: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found =
        versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(program)));
    found.find(|path| path.exists())
}

#[test]
fn a_query_of_postgresql_gives_the_same_rows() {
    let Some(server) = Server::start() else {
        eprintln!("PostgreSQL is not installed (Debian: postgresql); nothing was tested");
        return;
    };
    let mut client = postgres::Client::connect(&server.address(), postgres::NoTls).unwrap();
    client
        .batch_execute(
            "CREATE TABLE trips (id int8, distance float4, stops int2, start timestamp, city text,
                 late bool, price float8, leg1 float4, leg2 float4, legs float4[])",
        )
        .unwrap();
    for (id, row) in expected().iter().enumerate() {
        let distance = (!row.distance.is_nan()).then_some(row.distance);
        client
            .execute(
                "INSERT INTO trips VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                &[
                    &(id as i64),
                    &distance,
                    &(row.stops as i16),
                    &row.start,
                    &row.city,
                    &row.late,
                    &f64::from(row.price),
                    &row.legs[0],
                    &row.legs[1],
                    &row.legs.to_vec(),
                ],
            )
            .unwrap();
    }
    check_flat(&Postgres::<FlatSample>::new(server.address(), QUERY).read_all().unwrap());
    let query = "SELECT * FROM trips ORDER BY id";
    let source = Postgres::<TripSample>::new(server.address(), query);
    assert_eq!(in_words(&source.read_all().unwrap()), in_words(&expected()));
    let mut model = Trip::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).epochs(2).fit_from(&mut model, &source).unwrap();

    let message = |query: &str| {
        let source = Postgres::<FlatSample>::new(server.address(), query);
        let error = source.read_all().unwrap_err();
        error.to_string()
    };
    assert!(message("SELECT nothing FROM trips").contains("column \"nothing\" does not exist"));
    let query_of = |price: &str| QUERY.replace("price", &format!("{price} AS price"));
    let source = Postgres::<FlatSample>::new(server.address(), query_of("price::numeric(9, 2)"));
    check_flat(&source.read_all().unwrap());
    let refused = message(&query_of("price::numeric::money"));
    assert!(refused.contains("row 0: field `price`, column `price`: expected a number, found a"));
    assert!(refused.contains("a value of type money; cast it in the query"), "{refused}");
    let nowhere = Postgres::<FlatSample>::new("host=/nowhere user=x", query);
    let error = nowhere.read_all().unwrap_err();
    assert!(error.to_string().starts_with("PostgreSQL cannot be read: "), "{error}");
}
