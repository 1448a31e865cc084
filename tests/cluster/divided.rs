//! Models whose sharded tables are divided among the ranks of a cluster.

use multi_input::{cluster::Cluster, prelude::*};

use super::models::{rated, Rated, RatedInputs};

fn inputs(rows: usize) -> Vec<RatedInputs> {
    rated(rows).into_iter().map(RatedInputs::from).collect()
}

#[test]
fn every_number_of_ranks_predicts_what_one_does() {
    let rows = inputs(20);
    let whole = Model::<Rated, f64>::build(&Cpu::default(), Seed(2));
    let expected = format!("{:?}", whole.predict(&rows).unwrap());
    for ranks in 1..5 {
        let all = Cluster::in_threads(ranks, |cluster| {
            let model = Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
            format!("{:?}", model.predict(&rows).unwrap())
        });
        assert!(all.iter().all(|found| *found == expected));
    }
}
