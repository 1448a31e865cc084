//! Ranks that are processes of an MPI job.
//!
//! One thread makes all calls of MPI: the others hand messages to it, and it puts those that arrive
//! into a [`Mailbox`]. So the training is free to move between threads, and messages of any size are
//! sent while it computes. The thread sleeps while nothing is sent or awaited.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        mpsc::{channel, Receiver, Sender, TryRecvError},
        Mutex,
    },
    thread::JoinHandle,
    time::Duration,
};

use mpi::{
    environment::{processor_name, Universe},
    point_to_point::{Destination, MatchedReceiveVec, Source},
    request::scope,
    topology::{Communicator, SimpleCommunicator},
    traits::CommunicatorCollectives,
    Threading,
};
use multi_input_base::{Error, Result};

use super::{
    kind, locked,
    transport::{Lost, Mailbox, Transport},
    Cluster,
};

/// The most bytes of one message of MPI, whose sizes are `int`s; longer ones travel in pieces.
const PIECE: usize = 1 << 30;

/// The tag of the last piece of a message, and that of the pieces before it.
const LAST: i32 = 0;
const MORE: i32 = 1;

impl Cluster {
    /// The processes of this MPI job (`MPI_COMM_WORLD`). A program that was started without
    /// `mpirun` is one rank. With the feature `mpi`.
    ///
    /// MPI is initialised here and finalised when the last clone of the cluster is dropped, which
    /// waits for all ranks to do the same.
    ///
    /// # Errors
    /// [`Error::Cluster`], if MPI was initialised before in this process, or the engine does not
    /// start.
    ///
    /// ```no_run
    /// use multi_input::cluster::Cluster;
    ///
    /// let world = Cluster::mpi()?;
    /// println!("rank {} of {}", world.rank(), world.ranks());
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    pub fn mpi() -> Result<Cluster> {
        let (to_caller, started) = channel();
        let (commands, from_caller) = channel();
        let thread = std::thread::Builder::new().name("mpi".to_owned());
        let thread = thread.spawn(move || Engine::run(&to_caller, from_caller));
        let thread = thread.map_err(|error| Error::Cluster(error.to_string()))?;
        let ended = |_| Error::Cluster("MPI does not start".to_owned());
        let Started { rank, ranks, neighbours, mailbox } =
            started.recv().map_err(ended)?.map_err(Error::Cluster)?;
        Ok(Cluster::over(Mpi {
            rank,
            neighbours,
            commands: Mutex::new(commands),
            mailbox,
            taken: (0..ranks).map(|_| Mutex::new(0)).collect(),
            thread: Mutex::new(Some(thread)),
        }))
    }
}

/// What the thread of MPI is told.
enum Command {
    /// Send a message to a rank.
    Send(usize, Vec<u8>),
    /// Message number `.1` of rank `.0`, from 1, is awaited.
    Await(usize, u64),
    Leave,
}

/// What the thread of MPI knows after its start.
struct Started {
    rank: usize,
    ranks: usize,
    neighbours: usize,
    mailbox: Mailbox,
}

/// A rank, outside of the thread of MPI.
struct Mpi {
    rank: usize,
    neighbours: usize,
    commands: Mutex<Sender<Command>>,
    mailbox: Mailbox,
    /// The number of messages of each rank that were taken out of the mailbox.
    taken: Vec<Mutex<u64>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Mpi {
    fn tell(&self, command: Command) -> std::result::Result<(), String> {
        locked(&self.commands).send(command).map_err(|_| "MPI has ended".to_owned())
    }
}

impl Transport for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.taken.len()
    }

    fn send(&self, to: usize, message: Vec<u8>) -> std::result::Result<(), String> {
        self.tell(Command::Send(to, message))
    }

    fn receive(&self, from: usize, within: Duration) -> std::result::Result<Vec<u8>, Lost> {
        let mut taken = locked(&self.taken[from]);
        let message = match self.mailbox.take(from) {
            Some(message) => message,
            None => {
                self.tell(Command::Await(from, *taken + 1)).map_err(Lost::Gone)?;
                self.mailbox.receive(from, within)?
            }
        };
        *taken += 1;
        Ok(message)
    }

    fn ranks_on_these_cores(&self) -> usize {
        self.neighbours
    }

    fn leave(&self) {
        let thread = locked(&self.thread).take();
        if self.tell(Command::Leave).is_ok() {
            // It has reported a panic of its own.
            let _ = thread.map(JoinHandle::join);
        }
    }
}

/// The thread of MPI.
struct Engine {
    world: SimpleCommunicator,
    commands: Receiver<Command>,
    /// Messages that wait to be sent.
    outbox: VecDeque<(usize, Vec<u8>)>,
    /// Where the messages of each rank go, and what is known of them.
    from: Vec<From>,
    leaving: bool,
}

/// The messages of a rank.
struct From {
    to: Sender<Vec<u8>>,
    /// The pieces of a long message so far.
    pieces: Vec<u8>,
    delivered: u64,
    awaited: u64,
    has_left: bool,
}

impl Engine {
    /// Serves the commands of a rank until it leaves.
    fn run(started: &Sender<std::result::Result<Started, String>>, commands: Receiver<Command>) {
        // Only this thread calls MPI, so it is MPI's main thread.
        let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
            let reason = "MPI was initialised before in this process; clone the cluster instead";
            return drop(started.send(Err(reason.to_owned())));
        };
        let world = Universe::world(&universe);
        let (rank, ranks) = (world.rank() as usize, world.size() as usize);
        let (mailbox, to) = Mailbox::new(ranks);
        let neighbours = neighbours(&world, ranks);
        if started.send(Ok(Started { rank, ranks, neighbours, mailbox })).is_err() {
            return;
        }
        let from = to.into_iter().enumerate().map(|(from, to)| From {
            to,
            pieces: Vec::new(),
            delivered: 0,
            awaited: 0,
            has_left: from == rank,
        });
        let from = from.collect();
        let outbox = VecDeque::new();
        Engine { world, commands, outbox, from, leaving: false }.serve();
        // MPI ends here, with `universe`.
    }

    fn serve(&mut self) {
        while !self.has_ended() {
            if self.outbox.is_empty() && !self.awaits() {
                // Nothing to do until the next command.
                match self.commands.recv() {
                    Ok(command) => self.take(command),
                    Err(_) => self.leaving = true,
                }
            }
            self.take_commands();
            self.send_and_receive();
        }
    }

    /// Sends the messages of the outbox, and receives what is awaited meanwhile and afterwards.
    fn send_and_receive(&mut self) {
        let messages: Vec<(usize, Vec<u8>)> = self.outbox.drain(..).collect();
        let pieces = messages.iter().flat_map(|(to, message)| {
            let last = message.len().saturating_sub(1) / PIECE;
            let pieces = (0..=last).map(move |index| {
                let end = message.len().min((index + 1) * PIECE);
                (&message[index * PIECE..end], if index == last { LAST } else { MORE })
            });
            pieces.map(move |(piece, tag)| (*to, piece, tag))
        });
        scope(|scope| {
            let send = |(to, piece, tag): (usize, _, _)| {
                self.world.process_at_rank(to as i32).immediate_send_with_tag(scope, piece, tag)
            };
            let mut requests: Vec<_> = pieces.map(send).collect();
            let mut pause = Pause::default();
            while !requests.is_empty() || (self.awaits() && self.outbox.is_empty()) {
                let before = requests.len();
                requests =
                    requests.into_iter().filter_map(|request| request.test().err()).collect();
                let received = self.receive();
                self.take_commands();
                match received || requests.len() < before {
                    true => pause = Pause::default(),
                    false => pause.rest(),
                }
            }
        });
    }

    /// Receives a message, if one has arrived.
    fn receive(&mut self) -> bool {
        let Some((message, status)) = self.world.any_process().immediate_matched_probe() else {
            return false;
        };
        let (bytes, status) = (message, status).matched_receive_vec::<u8>();
        let Some(from) = self.from.get_mut(status.source_rank() as usize) else { return true };
        let mut message = std::mem::take(&mut from.pieces);
        match message.is_empty() {
            true => message = bytes,
            false => message.extend(bytes),
        }
        if status.tag() == MORE {
            from.pieces = message;
            return true;
        }
        from.has_left |= message == [kind::LEFT];
        from.delivered += 1;
        // Nobody reads what arrives after the rank has left.
        let _ = from.to.send(message);
        true
    }

    fn take_commands(&mut self) {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.take(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.leaving = true;
                    return;
                }
            }
        }
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Send(to, message) => self.outbox.push_back((to, message)),
            Command::Await(from, number) => self.from[from].awaited = number,
            Command::Leave => self.leaving = true,
        }
    }

    /// Whether a message is awaited. A rank that leaves awaits that all others do: until then they
    /// may be sending to it.
    fn awaits(&self) -> bool {
        let awaits = |from: &From| from.delivered < from.awaited || self.leaving && !from.has_left;
        self.from.iter().any(awaits)
    }

    fn has_ended(&self) -> bool {
        self.leaving && self.outbox.is_empty() && !self.awaits()
    }
}

/// The pauses between two looks at messages: none at first, because most arrive at once, and then
/// longer ones, which leave the core to those that compute.
#[derive(Default)]
struct Pause(u32);

impl Pause {
    fn rest(&mut self) {
        self.0 = self.0.saturating_add(1);
        match self.0 {
            0..100 => std::hint::spin_loop(),
            100..2000 => std::thread::yield_now(),
            2000..20_000 => std::thread::sleep(Duration::from_micros(20)),
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The number of ranks on the cores of this one: those of this machine that `mpirun` has bound to the
/// same cores, or to none.
fn neighbours(world: &SimpleCommunicator, ranks: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    processor_name().unwrap_or_default().hash(&mut hasher);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("Cpus_allowed:")).hash(&mut hasher);
    let (own, mut all) = (hasher.finish(), vec![0u64; ranks]);
    world.all_gather_into(&own, &mut all[..]);
    all.iter().filter(|of_rank| **of_rank == own).count()
}
