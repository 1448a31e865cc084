//! Models whose sharded tables are divided among the ranks of a cluster.

use std::time::{Duration, Instant};

use multi_input::{
    attribution::Attribution, cluster::Cluster, data::Csv, importance::Importance, prelude::*,
    slices::Slices, uncertainty::Conformal, unknown::Margin,
};

use super::models::{rated, Rated, RatedInputs, RatedOutputs, RatedSample};

type RatedModel = Model<Rated, f64>;

fn inputs(rows: &[RatedSample]) -> Vec<RatedInputs> {
    rows.iter().cloned().map(RatedInputs::from).collect()
}

fn whole() -> RatedModel {
    Model::build(&Cpu::default(), Seed(2))
}

/// Calls `work` on the ranks of a cluster, with a model whose tables are divided among them.
fn on_ranks<R: Send>(ranks: usize, work: impl Fn(&Cluster, &mut RatedModel) -> R + Sync) -> Vec<R> {
    Cluster::in_threads(ranks, |cluster| {
        let mut model = Model::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
        work(&cluster, &mut model)
    })
}

/// The rows of each rank of four: none, fewer than are predicted at once, and more.
const LENGTHS: [usize; 4] = [300, 0, 7, 700];

/// The rows of a rank.
fn own_rows(rank: usize) -> Vec<RatedSample> {
    let before: usize = LENGTHS[..rank].iter().sum();
    rated(before + LENGTHS[rank]).split_off(before)
}

#[test]
fn predictions_of_any_number_of_ranks_have_the_bits_of_one() {
    let whole = whole();
    let predict = |model: &RatedModel, rank| -> Vec<RatedOutputs> {
        model.predict(&inputs(&own_rows(rank))).unwrap()
    };
    for ranks in 1..=4 {
        let found = on_ranks(ranks, |cluster, model| {
            // Twice: the ranks end the first call together.
            let first = predict(model, cluster.rank());
            assert_eq!(first, predict(model, cluster.rank()));
            first
        });
        for (rank, found) in found.iter().enumerate() {
            assert_eq!(*found, predict(&whole, rank), "rank {rank} of {ranks}");
        }
    }
}

#[test]
fn evaluations_of_any_number_of_ranks_have_the_bits_of_one() {
    let whole = whole();
    let evaluate = |model: &RatedModel, rank| {
        let rows = own_rows(rank);
        let figures = model.evaluate(&rows).map_err(|error| error.to_string());
        let confusion = model.confusion_matrix(Rated::kind, &rows);
        let streamed = model.evaluate_from(&rows).map_err(|error| error.to_string());
        assert_eq!(format!("{figures:?}"), format!("{streamed:?}"));
        format!("{figures:?} {confusion:?}")
    };
    for ranks in 1..=4 {
        let found = on_ranks(ranks, |cluster, model| evaluate(model, cluster.rank()));
        for (rank, found) in found.iter().enumerate() {
            assert_eq!(*found, evaluate(&whole, rank), "rank {rank} of {ranks}");
        }
        if let Some(without_rows) = found.get(1) {
            assert!(without_rows.starts_with("Err(\"no rows to evaluate"), "{without_rows}");
        }
    }
}

#[test]
fn rows_without_known_targets_are_an_error_of_their_rank_alone() {
    let found = on_ranks(2, |cluster, model| {
        let mut rows = own_rows(0);
        if cluster.rank() == 1 {
            rows.iter_mut().for_each(|row| row.kind = None);
        }
        model.confusion_matrix(Rated::kind, &rows).map(drop).map_err(|error| error.to_string())
    });
    assert_eq!(found[0], Ok(()));
    assert!(found[1].as_ref().unwrap_err().starts_with("no row to compare with"), "{found:?}");
}

#[test]
fn a_bad_row_on_one_rank_ends_all_of_them_with_its_message() {
    type Call = fn(&RatedModel, Vec<RatedSample>) -> multi_input::Result<()>;
    let calls: [Call; 5] = [
        |model, rows| model.predict(&inputs(&rows)).map(drop),
        |model, rows| model.predict_checked(&inputs(&rows), Margin(0.1)).map(drop),
        |model, rows| model.evaluate(&rows).map(drop),
        |model, rows| model.confusion_matrices(Rated::kind, &rows).map(drop),
        |model, rows| model.evaluate_from(&rows).map(drop),
    ];
    for call in calls {
        let started = Instant::now();
        let errors = on_ranks(3, |cluster, model| {
            let mut rows = own_rows(3);
            if cluster.rank() == 1 {
                rows[600].user = 3001;
            }
            call(model, rows).unwrap_err().to_string()
        });
        assert!(errors[1].contains("row 600") && errors[1].contains("3001"), "{}", errors[1]);
        let told = format!("rank 1 ended the run: {}", errors[1]);
        assert_eq!([&errors[0], &errors[2]], [&told; 2]);
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn rows_of_sources_are_predicted_in_turn() {
    let whole = whole();
    for ranks in 1..=4 {
        let found = on_ranks(ranks, |cluster, model| {
            let rows = inputs(&own_rows(cluster.rank()));
            let all = || -> Vec<RatedOutputs> {
                model.predict_from(&rows).unwrap().map(Result::unwrap).collect()
            };
            let first = all();
            // One that is dropped leaves the others their rows.
            match cluster.rank() {
                0 => drop(model.predict_from(&rows).unwrap().next()),
                _ => assert_eq!(first, all()),
            }
            assert_eq!(first, model.predict(&rows).unwrap());
            first
        });
        for (rank, found) in found.iter().enumerate() {
            let expected = whole.predict(&inputs(&own_rows(rank))).unwrap();
            assert_eq!(*found, expected, "rank {rank} of {ranks}");
        }
    }
}

#[test]
fn rows_of_two_sources_are_predicted_one_after_another() {
    let found = on_ranks(2, |cluster, model| {
        // 900 and 300 rows are of several turns, and not of equally many.
        let rows = inputs(&rated(900 - 600 * cluster.rank()));
        let one = model.predict_from(&rows).unwrap();
        let other = model.predict_from(&rows).unwrap();
        let failed = one.zip(other).find_map(|(one, other)| one.and(other).err());
        failed.map(|error| error.to_string())
    });
    let failed = found.iter().flatten().next().unwrap();
    assert!(failed.contains("one after another, all in the same order"), "{found:?}");
}

#[test]
fn a_source_that_fails_on_one_rank_ends_the_iterators_of_all() {
    let missing = Csv::<RatedInputs>::new("no such file.csv");
    let found = on_ranks(3, |cluster, model| {
        let mut rows = inputs(&own_rows(3));
        let ended = match cluster.rank() {
            1 => {
                rows[600].user = 3001;
                let predicted = model.predict_from(&rows).unwrap();
                predicted.map(|row| row.map(drop)).collect::<Vec<_>>()
            }
            _ => model.predict_from(&rows).unwrap().map(|row| row.map(drop)).collect(),
        };
        // The cluster stays of use.
        let unread = match cluster.rank() {
            2 => model.predict_from(&missing).unwrap().map(|row| row.map(drop)).collect::<Vec<_>>(),
            _ => {
                model.predict_from(&rows[..9].to_vec()).unwrap().map(|row| row.map(drop)).collect()
            }
        };
        [ended, unread].map(|rows| {
            let (last, good) = rows.split_last().unwrap();
            assert!(good.iter().all(Result::is_ok));
            (good.len(), last.as_ref().unwrap_err().to_string())
        })
    });
    let row = "row 600, field `user`";
    for (rank, [(good, ended), (none, unread)]) in found.iter().enumerate() {
        assert!(ended.contains(row) && (rank == 1) != ended.starts_with("rank 1"), "{ended}");
        assert!(unread.contains("no such file.csv"), "{unread}");
        // A few hundred rows at a time.
        assert!(*good < 600 && *none == 0, "{good} {none}");
    }
}

#[test]
fn ranks_that_do_not_predict_together_are_told_so() {
    let errors = on_ranks(2, |cluster, model| match cluster.rank() {
        0 => model.predict(&inputs(&rated(3))).unwrap_err().to_string(),
        _ => String::new(),
    });
    assert!(errors[0].contains("it has left the cluster"), "{}", errors[0]);
}

#[test]
fn what_needs_whole_tables_is_refused_at_once() {
    let folder = std::env::temp_dir().join("refused_by_divided_models");
    let found = on_ranks(2, |_, model| {
        let rows = own_rows(2);
        let inputs = inputs(&rows);
        let mut other = whole();
        let mut refused = Vec::new();
        let mut refuse = |error: multi_input::Error| refused.push(error.to_string());
        refuse(model.batch(&rows).map(drop).unwrap_err());
        refuse(model.training_batch(&rows, Seed(0), 0).map(drop).unwrap_err());
        refuse(Importance::by_permutation(model, &rows, 1, Seed(0)).map(drop).unwrap_err());
        let shapley = Attribution::shapley(model, Rated::stars);
        refuse(shapley.explain(&inputs[..1]).map(drop).unwrap_err());
        let gradients = Attribution::integrated_gradients(model, Rated::stars);
        refuse(gradients.explain(&inputs[..1]).map(drop).unwrap_err());
        let dependence = PartialDependence::of(model, Rated::stars);
        refuse(dependence.on(Rated::day, &rows).map(drop).unwrap_err());
        refuse(Slices::find(model, &rows).map(drop).unwrap_err());
        refuse(Baselines::fit(model, &rows).map(drop).unwrap_err());
        refuse(Report::new(model).write(folder.join("report.html")).unwrap_err());
        refuse(Conformal::fit(model, &rows, 0.5).map(drop).unwrap_err());
        refuse(model.reliability(Rated::kind, &rows).map(drop).unwrap_err());
        refuse(model.grow(&rows).map(drop).unwrap_err());
        refuse(model.take_matching(&other).map(drop).unwrap_err());
        refuse(other.take_matching(&*model).map(drop).unwrap_err());
        let trainer = Trainer::<Rated, _>::new(Adam::new(1e-3));
        refuse(trainer.find_learning_rate(model, &rows).map(drop).unwrap_err());
        refused
    });
    let names = [
        "a training loop by hand",
        "a training loop by hand",
        "permutation importance",
        "`Attribution::shapley`",
        "`Attribution::integrated_gradients`",
        "partial dependence",
        "`SliceFinder::find`",
        "`Baselines::fit`",
        "a `Report`",
        "the uncertainty of predictions",
        "the uncertainty of predictions",
        "`Model::grow`",
        "`Model::take`",
        "the base of `Model::take`",
        "`Trainer::find_learning_rate`",
    ];
    for refused in found {
        assert_eq!(refused.len(), names.len());
        for (refused, name) in refused.iter().zip(names) {
            let text = format!(
                "the cluster: {name} needs all rows of the table `user.0.weight`, which is divided among \
                 2 ranks: save the model on all of them, and load the file in a program with one rank"
            );
            assert_eq!(*refused, text);
        }
    }
}

#[test]
fn a_table_has_a_row_for_every_rank() {
    let errors = Cluster::in_threads(18, |cluster| {
        let built = RatedModel::build_on(&cluster, &Cpu::default(), Seed(2));
        built.map(drop).unwrap_err().to_string()
    });
    let mistake = "the table of `shop` has 17 rows, which cannot be divided among 18 ranks: leave \
                   `sharded` out";
    assert!(errors.iter().all(|error| error.contains(mistake)), "{}", errors[0]);
}

#[test]
fn a_snapshot_has_the_rows_of_its_rank() {
    let of_whole = whole().snapshot().unwrap();
    let found = on_ranks(3, |_, model| {
        let snapshot = model.snapshot().unwrap();
        let rows = inputs(&rated(20));
        let before = model.predict(&rows).unwrap();
        // Weights of the whole model are those of another one.
        assert!(model.restore(&of_whole).is_err());
        model.restore(&snapshot).unwrap();
        assert_eq!(model.predict(&rows).unwrap(), before);
        snapshot.tensors()[0].len()
    });
    assert_eq!(found, [1001 * 4, 1000 * 4, 1000 * 4]);
}

#[test]
fn counts_are_those_of_the_whole_model() {
    let (parameters, summary) = (whole().num_parameters(), whole().summary().to_string());
    for found in on_ranks(3, |_, model| (model.num_parameters(), model.summary().to_string())) {
        assert_eq!(found, (parameters, summary.clone()));
    }
}
