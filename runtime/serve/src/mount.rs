//! A deployment at a path, with the threads that predict.

use std::{
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicUsize, Ordering::Relaxed},
        Arc,
    },
    thread,
    time::Instant,
};

use tokio::{
    sync::{oneshot, Semaphore},
    time::timeout,
};

use crate::{
    batch::{Batch, Body, Job, Reply},
    deployment::Deployment,
    metrics::Metrics,
    queue::Queue,
    refusal::Refusal,
    settings::Settings,
    shadow::Shadow,
};

/// A deployment at a path. Its threads end after it is dropped and all requests that wait are answered.
pub(crate) struct Mount {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) deployment: Deployment,
    lane: Arc<Lane>,
    /// The requests of a server that may be predicted at once.
    permits: Arc<Semaphore>,
}

/// What the threads of a mount share.
struct Lane {
    queue: Queue<Job>,
    /// Requests whose bodies are arriving.
    arriving: AtomicUsize,
    deployment: Deployment,
    metrics: Arc<Metrics>,
    shadow: Option<Shadow>,
    settings: Settings,
}

/// A request whose body is arriving.
pub(crate) struct Arriving(Arc<Lane>);

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Relaxed);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.lane.queue.close();
    }
}

impl Mount {
    /// Starts the threads of a deployment, which a `shadow` with the same inputs may follow.
    pub(crate) fn start(
        name: String,
        deployment: Deployment,
        shadow: Option<Deployment>,
        settings: &Settings,
        permits: &Arc<Semaphore>,
    ) -> std::io::Result<Mount> {
        let metrics = Arc::new(Metrics::default());
        let shadow = shadow.map(|shadow| Shadow::start(shadow, metrics.clone())).transpose()?;
        let lane = Arc::new(Lane {
            queue: Queue::default(),
            arriving: AtomicUsize::new(0),
            deployment: deployment.clone(),
            metrics: metrics.clone(),
            shadow,
            settings: settings.clone(),
        });
        let (settings, permits) = (settings.clone(), permits.clone());
        let mount = Mount { name, settings, metrics, deployment, lane, permits };
        for _ in 0..mount.settings.workers {
            let lane = mount.lane.clone();
            let name = format!("multi-input {}", mount.name);
            thread::Builder::new().name(name).spawn(move || lane.work())?;
        }
        Ok(mount)
    }

    /// Counts a request whose body is arriving, for which a batch waits.
    pub(crate) fn arriving(&self) -> Arriving {
        self.lane.arriving.fetch_add(1, Relaxed);
        Arriving(self.lane.clone())
    }

    /// Predicts the rows of a body; `None` for `arriving` where a request has several bodies, which wait
    /// for their turn.
    pub(crate) async fn predict(
        &self,
        body: Body,
        arriving: Option<Arriving>,
    ) -> Result<(Vec<u8>, u64), Refusal> {
        let permit = match arriving {
            Some(_) => self.permits.try_acquire().ok(),
            None => self.permits.acquire().await.ok(),
        };
        let Some(_permit) = permit else {
            let most = self.settings.concurrency;
            return Err(Refusal::unavailable(format!(
                "{most} requests are being predicted already"
            )));
        };
        let (reply, answer) = oneshot::channel();
        self.lane.queue.push(Job { body, reply });
        drop(arriving);
        let limit = self.settings.timeout;
        let Reply { answer, generation } = match timeout(limit, answer).await {
            Ok(Ok(reply)) => reply,
            // The thread has panicked, which its log says.
            Ok(Err(_)) => return Err(Refusal::internal()),
            Err(_) => {
                let message = format!("the prediction took longer than {} s", limit.as_secs_f64());
                return Err(Refusal::unavailable(message));
            }
        };
        answer.map(|answer| (answer, generation))
    }
}

impl Lane {
    /// Predicts until the queue is closed.
    fn work(&self) {
        let mut expected = 1;
        while let Some(first) = self.queue.next() {
            let batch = catch_unwind(AssertUnwindSafe(|| self.batch(first, expected)));
            match batch {
                Ok(jobs) => expected = jobs,
                Err(_) => tracing::error!("a prediction panicked"),
            }
        }
    }

    /// Predicts a job with those that wait or arrive soon, and returns their number. A batch waits until
    /// it has as many jobs as are arriving or as the last one had.
    fn batch(&self, first: Job, expected: usize) -> usize {
        let loaded = self.deployment.load();
        let mut batch = Batch::new(&loaded, &self.metrics);
        let deadline = Instant::now() + self.settings.batch_wait;
        batch.add(first);
        while batch.table().rows < self.settings.batch_rows {
            let awaited = expected.max(batch.jobs() + self.arriving.load(Relaxed));
            let job = match batch.jobs() < awaited {
                true => self.queue.next_before(deadline),
                false => self.queue.next_now(),
            };
            let Some(job) = job else { break };
            batch.add(job);
        }
        let jobs = batch.jobs();
        let predicted = batch.answer();
        if let (Some(shadow), Some(predicted)) = (&self.shadow, predicted) {
            shadow.send(batch.table(), predicted, &loaded.description, &self.metrics);
        }
        jobs
    }
}
