//! Divided tables that are frozen, pretrained or looked up by weighted bags, or whose model was trained or
//! loaded before, are those of one rank to the last bit; and what a run with them refuses.

use std::{fs, path::Path};

use multi_input::{
    cluster::{Cluster, Wire},
    history::History,
    kernel::Element,
    optim::Optimizer,
    prelude::*,
    Result,
};
use safetensors::SafeTensors;

use super::{
    models::{rated, Rated},
    sharded::mistakes,
};

const VECTORS: &str = "../target/tmp/vectors_of_divided_tables.txt";

#[multi_input_model(part(Title = title))]
#[derive(Clone)]
struct Shop {
    #[input(words(vocabulary = 40, length = 3))]
    #[branch(
        Embedding(40, 2, mask, from = "../target/tmp/vectors_of_divided_tables.txt", sharded),
        LSTM(2)
    )]
    title: String,

    #[input(pad(4))]
    tags: Vec<u32>,

    #[input(pad(4))]
    amounts: Vec<f32>,

    #[merge(weighted(tags, amounts))]
    #[branch(EmbeddingBag(9, 3, sum, sharded))]
    bag: _,

    #[input]
    #[branch(Embedding(5, 2, sharded), frozen)]
    color: u32,

    #[merge(concat(title, bag, color))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

fn shops() -> Vec<ShopSample> {
    let titles = ["old house", "new flat", "old flat"];
    let shop = |n: usize| ShopSample {
        title: titles[n % 3].to_owned(),
        tags: (0..n % 5).map(|k| ((n + k * n) % 9) as u32).collect(),
        amounts: (0..n % 5).map(|k| k as f32 - 0.5).collect(),
        color: (n % 4) as u32,
        price: 5.0 + (n as f32 * 0.7).sin(),
    };
    (0..40).map(shop).collect()
}

/// Vectors of two words that titles have, and of one that none has.
fn write_vectors() {
    fs::create_dir_all("../target/tmp").unwrap();
    let mut part = tempfile::NamedTempFile::new_in("../target/tmp").unwrap();
    std::io::Write::write_all(&mut part, b"house 1 2\nflat -1 -2\nunseen 9 9\n").unwrap();
    part.persist(VECTORS).unwrap();
}

fn trainer<M>() -> Trainer<M, Adam> {
    Trainer::new(Adam::new(1e-2))
        .epochs(2)
        .batch_size(9)
        .virtual_shards(3)
        .seed(Seed(3))
        .progress(Progress::silent())
}

/// The file that `save` writes on one rank, and on two and three ranks as well.
#[track_caller]
fn same_file_on_any_number_of_ranks(save: impl Fn(&Cluster, &Path) + Sync) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let saved_on = |ranks| {
        Cluster::in_threads(ranks, |cluster| save(&cluster, &path));
        fs::read(&path).unwrap()
    };
    let alone = saved_on(1);
    for ranks in [2, 3] {
        assert!(saved_on(ranks) == alone, "{ranks} ranks");
    }
    alone
}

/// A tensor of a file.
fn tensor(file: &[u8], name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(file).unwrap();
    let numbers = file.tensor(name).unwrap().data().chunks_exact(4);
    numbers.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn shop_on(cluster: &Cluster) -> Model<Shop> {
    Model::build_on(cluster, &Cpu::default(), Seed(2)).unwrap()
}

#[test]
fn frozen_pretrained_and_weighted_tables_train_as_on_one_rank() {
    write_vectors();
    let initial = same_file_on_any_number_of_ranks(|cluster, path| {
        shop_on(cluster).save(path).unwrap();
    });
    let pretrained = same_file_on_any_number_of_ranks(|cluster, path| {
        let mut model = shop_on(cluster);
        model.fit_preprocessing(&shops()).unwrap();
        model.save(path).unwrap();
    });
    let trained = same_file_on_any_number_of_ranks(|cluster, path| {
        let mut model = shop_on(cluster);
        let history = trainer().on(cluster).fit(&mut model, &shops()).unwrap();
        let found = history.notices.iter().any(|notice| notice.to_string().contains(VECTORS));
        assert!(found, "{:?}", history.notices);
        model.save(path).unwrap();
    });
    let rows = |file: &[u8], name: &str| tensor(file, name);
    let vectors = rows(&pretrained, "title.0.weight");
    for vector in [[1.0, 2.0], [-1.0, -2.0]] {
        assert_eq!(vectors.as_chunks().0.iter().filter(|row| **row == vector).count(), 1);
    }
    for (name, is_trained) in [("title", true), ("bag", true), ("color", false)] {
        let name = format!("{name}.0.weight");
        assert_eq!(rows(&trained, &name) != rows(&pretrained, &name), is_trained, "{name}");
    }
    assert_eq!(rows(&initial, "color.0.weight"), rows(&trained, "color.0.weight"));
}

#[test]
fn a_loaded_model_and_one_that_is_trained_twice_train_as_on_one_rank() {
    let folder = tempfile::tempdir().unwrap();
    let start = folder.path().join("start.safetensors");
    let mut model = Model::<Rated>::build(&Cpu::default(), Seed(2));
    trainer().fit(&mut model, &rated(30)).unwrap();
    model.save(&start).unwrap();
    same_file_on_any_number_of_ranks(|cluster, path| {
        let mut model = Model::<Rated>::load_on(cluster, &start, &Cpu::default()).unwrap();
        trainer().on(cluster).epochs(1).fit(&mut model, &rated(30)).unwrap();
        trainer().on(cluster).epochs(1).fit(&mut model, &rated(20)).unwrap();
        model.save(path).unwrap();
    });
}

#[test]
fn short_gradients_of_divided_tables_train_nearly_alike() {
    let loss = |wire: Wire| {
        let losses = Cluster::in_threads(2, |cluster| {
            let mut model = Model::<Rated>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
            let trainer = trainer().wire(wire).on(&cluster);
            let history = trainer.fit(&mut model, &rated(40)).unwrap();
            history.epochs.last().unwrap().get("loss").unwrap()
        });
        assert_eq!(losses[0], losses[1]);
        losses[0]
    };
    let full = loss(Wire::Full);
    for wire in [Wire::F16, Wire::Bf16] {
        let short = loss(wire);
        assert!((short - full).abs() < 0.05 * full.abs(), "{wire:?}: {short} {full}");
        assert_ne!(short, full);
    }
}

#[multi_input_model]
struct Rating {
    #[input]
    #[branch(Embedding(50, 4, sharded))]
    item: u32,

    #[from(item)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn a_gradient_that_becomes_infinite_in_one_row_ends_all_ranks_before_the_step() {
    // The predictions are 0, the loss is finite, and so is every gradient but that of the row of item 7.
    let rows: Vec<RatingSample> = (0..9_u32)
        .map(|item| RatingSample { item, stars: if item == 7 { 1e15 } else { 0.0 } })
        .collect();
    for ranks in 1..=3 {
        let errors = Cluster::in_threads(ranks, |cluster| {
            let mut model = Model::<Rating>::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
            let module = model.module_mut();
            let table = &mut module.item.0.weight;
            table.copy_from(&vec![0.0; table.as_vec().len()]);
            module.stars.0.weight.copy_from(&[1e25; 4]);
            module.stars.0.bias.copy_from(&[0.0]);
            let before = model.snapshot().unwrap();
            let error = trainer().on(&cluster).fit(&mut model, &rows).unwrap_err();
            assert_eq!(model.snapshot().unwrap(), before);
            error.to_string()
        });
        let text = "the gradient of `item.0.weight` is not finite in epoch 1, step 1";
        assert!(errors.iter().all(|error| error.contains(text)), "{errors:?}");
    }
}

/// An optimizer that changes every weight in every step.
#[derive(Clone, Debug)]
struct Plain(f64);

impl Optimizer for Plain {
    fn learning_rate(&self) -> f64 {
        self.0
    }
    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.0 = learning_rate;
    }
    fn update<E: Element>(&self, _: u64, weights: &mut [E], gradient: &[E], _: &mut [Vec<E>]) {
        let steps = weights.iter_mut().zip(gradient);
        steps.for_each(|(weight, gradient)| *weight -= E::of(self.0) * *gradient);
    }
}

#[test]
fn what_changes_every_row_is_refused_on_one_rank_too() {
    let refused = |train: &(dyn Fn(&mut Model<Rated>, &Cluster) -> Result<History> + Sync)| {
        let of_ranks = [1, 2].map(|ranks| {
            Cluster::in_threads(ranks, |cluster| {
                let mut model = Model::build_on(&cluster, &Cpu::default(), Seed(2)).unwrap();
                mistakes(train(&mut model, &cluster))
            })
        });
        let all: Vec<Vec<String>> = of_ranks.into_iter().flatten().collect();
        assert!(all.iter().all(|mistakes| *mistakes == all[0]), "{all:?}");
        all[0].join("; ")
    };
    let text = |what: &str| {
        format!(
            "{what} changes every row of every table in every step, but the table of `user` is \
             `sharded`: leave one of them out"
        )
    };
    let plain =
        refused(&|model, cluster| Trainer::new(Plain(1e-2)).on(cluster).fit(model, &rated(30)));
    assert_eq!(plain, text("the optimizer, which has no `catch_up`,"));
    let averaged = refused(&|model, cluster| {
        trainer().moving_average(MovingAverage::new(0.9)).on(cluster).fit(model, &rated(30))
    });
    assert_eq!(averaged, text("`moving_average`"));
    let whole =
        refused(&|model, cluster| trainer().whole_tables().on(cluster).fit(model, &rated(30)));
    assert_eq!(whole, text("`whole_tables`"));
}

#[test]
fn exports_and_parts_of_a_divided_model_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Cluster::in_threads(2, |cluster| {
        let model = shop_on(&cluster);
        let path = folder.path().join("export");
        let refused = vec![
            ("`Model::export_onnx`", model.export_onnx(&path).unwrap_err()),
            ("`Model::part`", model.part::<Title>().map(drop).unwrap_err()),
        ];
        #[cfg(feature = "keras")]
        let refused: Vec<_> = {
            let error = model.save_keras_weights(path.with_extension("weights.h5")).unwrap_err();
            refused.into_iter().chain([("`Model::save_keras_weights`", error)]).collect()
        };
        refused
    });
    for (what, refused) in refused.into_iter().flatten() {
        let text = format!(
            "the cluster: {what} needs all rows of the table `title.0.weight`, which is divided among 2 \
             ranks: save the model on all of them, and load the file in a program with one rank"
        );
        assert_eq!(refused.to_string(), text);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
