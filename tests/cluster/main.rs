//! Training on the ranks of a cluster, which are threads here; `just mpi` runs the same models over
//! MPI.

mod divided;
mod failures;
mod files;
mod models;
mod runs;
mod sharded;
mod sources;
mod tables;
