//! Noise comes last and what matters comes first, on made data and on the diabetes study.

use multi_input::prelude::*;

/// One input that decides, one that helps, and noise of each kind.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Made {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    noise: [f32; 3],
    #[input]
    #[branch(Embedding(6, 3))]
    group: u32,
    #[input(missing = learned)]
    #[branch(Dense(3, relu))]
    maybe: Option<[f32; 2]>,
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    signal: [f32; 2],
    #[merge(concat(noise, group, maybe, signal))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = mse, standardize)]
    y: f32,
}

/// Numbers that nothing predicts, of mean 0 and from -1 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn made(count: usize, seed: u64) -> Vec<MadeSample> {
    let mut noise = Noise(seed);
    (0..count)
        .map(|_| {
            let signal = [noise.next(), noise.next()];
            let group = ((noise.next() + 1.0) * 3.0) as u32 % 6;
            let there = noise.next() > -0.5;
            let maybe = [noise.next(), noise.next()];
            let helps = if group > 2 { 0.3 } else { -0.3 };
            MadeSample {
                noise: [noise.next(), noise.next(), noise.next()],
                group,
                maybe: there.then_some(maybe),
                signal,
                y: 3.0 * signal[0] - 2.0 * signal[1] * signal[1] + helps + 0.1 * noise.next(),
            }
        })
        .collect()
}

fn trainer() -> Trainer<Made, Adam> {
    Trainer::new(Adam::new(5e-3)).epochs(25).seed(Seed(2)).progress(Progress::silent())
}

fn order(importance: &Importance) -> Vec<&'static str> {
    importance.inputs.iter().map(|input| input.input).collect()
}

#[test]
fn noise_is_last_and_the_signal_first_by_permutation_and_by_leaving_out() {
    let (train, test) = (made(600, 1), made(300, 2));
    let build = || Made::build(&Cpu::default(), Seed(4));
    let mut model = build();
    trainer().fit(&mut model, &train).unwrap();
    let permuted = Importance::by_permutation(&model, &test, 5, Seed(9)).unwrap();
    let left_out = Importance::by_leaving_out(build, trainer, &train, &test).unwrap();
    for importance in [&permuted, &left_out] {
        println!("{importance}\n");
        assert_eq!(order(importance)[..2], ["signal", "group"], "{importance}");
        let [signal, .., noise] = &importance.inputs[..] else { panic!() };
        assert!(noise.increase < 0.05 * signal.increase, "{importance}");
        for input in &importance.inputs[2..] {
            assert!(["noise", "maybe"].contains(&input.input));
        }
    }
    // The same orders of rows each time.
    assert_eq!(permuted, Importance::by_permutation(&model, &test, 5, Seed(9)).unwrap());
    // Measuring changes nothing.
    assert!((model.evaluate(&test).unwrap().loss() - permuted.loss).abs() < 1e-12);
}

/// The diabetes study with four columns of noise.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Study {
    #[input(standardize)]
    noise: [f32; 4],
    #[input(standardize)]
    age: f32,
    #[input(standardize)]
    body_mass: f32,
    #[input(standardize)]
    blood_pressure: f32,
    #[input(standardize)]
    serum: [f32; 6],
    #[merge(concat(noise, age, body_mass, blood_pressure, serum))]
    #[branch(Dense(1, l2 = 1e-3))]
    #[output(loss = mse, standardize)]
    progression: f32,
}

/// One column that matters, and noise.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Single {
    #[input(standardize)]
    noise: [f32; 4],
    #[input(standardize)]
    body_mass: f32,
    #[input(standardize)]
    more_noise: f32,
    #[merge(concat(noise, body_mass, more_noise))]
    #[branch(Dense(1, l2 = 1e-3))]
    #[output(loss = mse, standardize)]
    progression: f32,
}

fn study() -> Vec<StudySample> {
    let study = linfa_datasets::diabetes();
    let mut noise = Noise(5);
    let rows = study.records().rows().into_iter().zip(study.targets());
    rows.map(|(row, progression)| {
        let number = |column: usize| row[column] as f32;
        StudySample {
            noise: std::array::from_fn(|_| noise.next()),
            age: number(0),
            body_mass: number(2),
            blood_pressure: number(3),
            serum: std::array::from_fn(|index| number(4 + index)),
            progression: *progression as f32,
        }
    })
    .collect()
}

/// A fifth of 441 patients is few: one split alone would rank by luck.
#[test]
fn on_the_diabetes_study_noise_matters_least_over_five_splits() {
    let build = || Study::build(&Cpu::default(), Seed(4));
    let trainer =
        || Trainer::new(Adam::new(1e-2)).epochs(40).seed(Seed(2)).progress(Progress::silent());
    let names = ["serum", "body_mass", "blood_pressure", "noise"];
    let mut sums = [[0.0; 4]; 2];
    for seed in (0..5).map(Seed) {
        let (train, test) = study().split(0.8, seed);
        let mut model = build();
        trainer().fit(&mut model, &train).unwrap();
        let measured = [
            Importance::by_permutation(&model, &test, 5, seed).unwrap(),
            Importance::by_leaving_out(build, trainer, &train, &test).unwrap(),
        ];
        for (sums, importance) in sums.iter_mut().zip(&measured) {
            for (sum, name) in sums.iter_mut().zip(names) {
                let found = importance.inputs.iter().find(|input| input.input == name).unwrap();
                *sum += found.increase;
            }
        }
    }
    println!("{names:?}: {sums:?}");
    for [serum, body_mass, blood_pressure, noise] in sums {
        assert!(serum.min(body_mass).min(blood_pressure) > noise, "{sums:?}");
        assert!(serum.max(body_mass) > 10.0 * noise, "{sums:?}");
    }
}

#[test]
fn on_the_diabetes_study_the_only_informative_input_is_first_and_noise_last() {
    let mut noise = Noise(8);
    let row = |row: StudySample| SingleSample {
        noise: row.noise,
        body_mass: row.body_mass,
        more_noise: noise.next(),
        progression: row.progression,
    };
    let rows: Vec<SingleSample> = study().into_iter().map(row).collect();
    let (train, test) = rows.split(0.7, Seed(1));
    let build = || Single::build(&Cpu::default(), Seed(4));
    let trainer =
        || Trainer::new(Adam::new(1e-2)).epochs(60).seed(Seed(2)).progress(Progress::silent());
    let mut model = build();
    trainer().fit(&mut model, &train).unwrap();
    for importance in [
        Importance::by_permutation(&model, &test, 10, Seed(9)).unwrap(),
        Importance::by_leaving_out(build, trainer, &train, &test).unwrap(),
    ] {
        println!("{importance}\n");
        assert_eq!(importance.inputs[0].input, "body_mass");
        for noise in &importance.inputs[1..] {
            assert!(noise.increase < 0.1 * importance.inputs[0].increase, "{importance}");
        }
    }
}
