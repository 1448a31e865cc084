//! Fuzz tests with token streams that are nearly models: the macro never panics, and its output is
//! always items, which editors need.

use std::collections::BTreeSet;

use proc_macro2::{
    extra::invalidate_current_thread_spans, Delimiter, Group, Literal, Punct, Spacing, TokenStream,
    TokenTree,
};
use quote::{format_ident, quote};

use crate::{expand_model, expand_newtype};

/// A SplitMix64 random number generator, equal on every platform.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Models that use all of the DSL.
fn seeds() -> [TokenStream; 10] {
    [
        quote! {
            struct Towers {
                #[input(words(vocabulary = 100, length = 10))]
                #[branch(Embedding(100, 4), LSTM(8))]
                query: String,
                #[input(words(vocabulary = 100, length = 10, shared = query), missing = learned)]
                #[branch(shared = query)]
                #[output]
                title: Option<String>,
                #[input(missing = zeros)]
                cover: Option<Image<3>>,
                #[merge(concat(title, present(cover), present(title)))]
                #[branch(Dense(8))]
                #[output]
                item: _,
                #[merge(dot(query, item))]
                #[output(loss = mse)]
                price: f32,
            }
        },
        quote! {
            struct Forms {
                #[input(missing("-1", "?"), decimal = ",", thousands = ".", currency = "$", impute(mean))]
                rent: f64,
                #[input(wraps = [Option<f32>; N], impute(mean))]
                #[branch(Flatten)]
                sides: [my::Sides; 2],
                #[input(percent, columns(prefix = "p"))]
                shares: [f32; 10],
                #[input(truthy("Y"), falsy("N"), missing = zeros)]
                gate: Option<bool>,
                #[input(calendar(month, hour, format = "%d/%m/%Y %H:%M"), columns("s"))]
                listed: NaiveDateTime,
                #[input(calendar(month, unit = seconds))]
                seen: DateTime<Utc>,
                #[serde(default = "seven", deserialize_with = "doubled")]
                #[input(impute(mean), columns(all_others))]
                rest: [Option<f32>; 4],
                #[merge(concat(rent, sides, shares, gate, listed, seen, rest))]
                #[branch(Dense(1))]
                #[output(loss = mse, wraps = f32, columns("Sale price"), missing("NA"), decimal = ",")]
                price: Option<Euros>,
            }
        },
        quote! {
            struct Post {
                #[input(resize(64, SIDE, interpolation = nearest), rescale(1.0 / 255.0, offset = -0.5))]
                #[branch(Conv2D(32, 3, relu), Flatten)]
                photo: Image<3>,
                #[input(words(vocabulary = 100, length = 10, padding = after, lowercase = false), missing = zeros)]
                #[branch(Embedding(100, 4), LSTM(8))]
                caption: Option<String>,
                #[merge(concat(photo, caption))]
                #[branch(Dense(9, softmax))]
                #[output(loss = cross_entropy, categories)]
                topic: Class<9>,
            }
        },
        quote! {
            #[derive(Clone, Debug, Serialize)]
            /// A price.
            pub struct HousePrice {
                #[input(standardize, columns("rooms", "age"))]
                #[branch(Dense(64, relu, l2 = 1e-4), Dropout(0.2), BatchNorm(momentum = 0.9), Dense(32))]
                measurements: [f32; 2],
                #[input]
                #[branch(Embedding(VOCAB, 16), Flatten, frozen)]
                #[serde(rename = "borough", alias = "district")]
                district: u32,
                #[derived(crossed(district, street, BUCKETS, salt = 3))]
                #[branch(Embedding(auto, sharded), frozen)]
                corner: u32,
                #[input]
                street: String,
                #[merge(concat(measurements, district, corner, axis = -1))]
                joined: _,
                #[from(joined)]
                #[branch(Dense(1))]
                #[output(loss = huber(delta = 0.5), metrics(mae, rmse), weight = 1.0 / 3.0, standardize)]
                price: f32,
            }
        },
        quote! {
            struct Own {
                #[input(my::Winsorize(0.01), standardize, my::Powers(count = N) => [N])]
                rooms: f32,
                #[input(my::Lower => String, categories(9), my::Same => [u32; 1], missing = zeros)]
                #[branch(Embedding(auto), Flatten)]
                name: Option<String>,
                #[derived((rooms + 1) / max(people, my::LEAST).abs(), impute(mean), my::Cut)]
                each: _,
                #[derived(my::Distance(rooms, people, scale = -2.0))]
                distance: [f32; 2],
                #[input]
                people: f32,
                #[merge(my::gated(rooms, present(name)) => [3])]
                gated: _,
                #[merge(my::Outer(each, distance, people, gated, name, at = 0.5) => [2 * N])]
                #[branch(Dense(1))]
                #[output(loss = mse, my::Log(1.0))]
                price: f32,
            }
        },
        quote! {
            struct Progression {
                #[input(missing = mean)]
                vitals: Option<[f32; 4]>,
                #[input(missing = learned)]
                #[branch(my::Gate<{ A + 2 }> => [6, sizes::WIDTH], Reshape(3, 4), tanh, Flatten)]
                serum: Option<[[bool; 3]; 2]>,
                #[input(missing = zeros)]
                #[branch(shared = serum)]
                other: Option<[[bool; 3]; 2]>,
                #[merge(average(serum, other))]
                mean: _,
                #[merge(concat(vitals, mean, present(vitals)))]
                #[branch(Dense(3, softmax))]
                #[output(loss = cross_entropy, metrics(accuracy))]
                kind: multi_input::Class<3>,
            }
        },
        quote! {
            pub(crate) struct Likeness {
                #[input]
                #[branch(Embedding(1000, 16), LayerNorm(epsilon = 1e-5), Dense(8, gelu, bias = false, init = he_normal))]
                query: [u32; 12],
                #[input]
                #[branch(shared = query)]
                title: [u32; LENGTH],
                #[merge(dot(query, title, axis = 1, normalize = true))]
                #[branch(Flatten, Dense(1, sigmoid))]
                #[output(loss = binary_cross_entropy)]
                same: bool,
                #[merge(multiply(query, title))]
                product: [[f32; 8]; 12],
                #[from(product)]
                #[branch(Flatten)]
                #[output(loss = mse)]
                all: [f32; 96],
            }
        },
        quote! {
            struct Numbers {
                #[input(impute(constant = 1.5), clip(-1.0, 2.0), min_max(0.0, 1.0), normalize(mean = [0.5], std = [0.2]))]
                #[branch(Conv1D(8, 3, padding = 1, l1 = 0.1, l2 = 0.2), Masking(0.5), GRU(4, dropout = 0.1), Dense(3))]
                steps: [[f32; 8]; 20],
                #[input(bins(edges = [0.0, 0.5, 1.5]))]
                #[branch(Embedding(auto), BatchNorm(momentum = 0.9, epsilon = 1e-3))]
                age: f32,
                #[input(resize(8, 8), zoom(0.1), rotate(0.1), contrast(0.1), random_crop(6, 6))]
                #[branch(TimeDistributed(Conv1D(4, 3, l2 = 0.1)), ZeroPad2D(((0, 1), (2, 2))), Flatten)]
                photo: Image<3>,
                #[input(hashed(100, salt = 3))]
                #[branch(Embedding(100, 4))]
                town: String,
                #[merge(concat(steps, age, photo, town))]
                joined: _,
                #[from(joined)]
                #[branch(Dense(3))]
                #[output(loss = focal(gamma = 2.0, alpha = 0.25), metrics(top_k(k = 2), f1(average = macro), auc(multi_class = ovo), my::Within(share = 0.1)), weight = 0.5)]
                kind: Class<3>,
                #[from(joined)]
                #[branch(Dense(1))]
                #[output(loss = huber(delta = 0.5), rescale(0.001, offset = 1.0))]
                price: f32,
            }
        },
        quote! {
            struct Lists {
                #[input(split("|"), categories(9), pad(LENGTH, before, cut = before))]
                tags: String,
                #[input(standardize, pad(LENGTH, before, cut = before), missing = learned)]
                #[branch(Dense(1))]
                weights: Option<Vec<f32>>,
                #[merge(weighted(tags, weights))]
                #[branch(EmbeddingBag(auto, 4, sum, sharded))]
                bag: [f32; 4],
                #[input(columns("x0"..="x3"), impute(mean), pad(2))]
                #[branch(LSTM(3))]
                points: Vec<[f32; 2]>,
                #[input(hashed(20), multi_hot(20))]
                words: Vec<String>,
                #[merge(concat(bag, points, words))]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                y: f32,
            }
        },
        quote! {
            struct Rules {
                #[input(sensitive, known_at = booking)]
                #[branch(Embedding(9, 4), LayerNorm)]
                age: u32,
                #[input(only_for(price, vector), known_at = departure)]
                rooms: [f32; 3],
                #[from(rooms)]
                #[branch(Dense(4))]
                #[output(independent_of(age), known_at = departure)]
                vector: _,
                #[merge(distance(age, vector))]
                #[branch(Dense(1))]
                #[output(loss = mse, uses_sensitive(age), known_at = departure)]
                price: f32,
            }
        },
    ]
}

/// A random token, of the DSL or not.
fn any_token(random: &mut Random) -> TokenTree {
    const WORDS: [&str; 29] = [
        "Dense", "relu", "input", "merge", "from", "branch", "output", "shared", "present",
        "derived", "concat", "crossed", "missing", "loss", "mse", "crate", "Option", "f32", "u32",
        "f64", "i64", "Class", "_", "frozen", "struct", "self", "columns", "joined", "sharded",
    ];
    const PUNCTUATION: [char; 12] = [',', '=', '>', '<', '-', ':', ';', '#', '&', '!', '*', '\''];
    match random.below(5) {
        0 | 1 => format_ident!("{}", WORDS[random.below(WORDS.len())]).into(),
        2 => Punct::new(PUNCTUATION[random.below(PUNCTUATION.len() - 1)], Spacing::Alone).into(),
        3 => match random.below(6) {
            5 => {
                let number = ODD_NUMBERS[random.below(ODD_NUMBERS.len())].parse().unwrap();
                Group::new(Delimiter::None, number).into()
            }
            0 => Literal::u128_unsuffixed(u128::from(random.next()) << random.below(64)).into(),
            1 => Literal::f64_unsuffixed(random.next() as f64).into(),
            2 => Literal::string("rooms").into(),
            3 => Literal::character('x').into(),
            _ => Literal::usize_unsuffixed(random.below(6)).into(),
        },
        _ => {
            let delimiters =
                [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace, Delimiter::None];
            Group::new(delimiters[random.below(4)], TokenStream::new()).into()
        }
    }
}

/// Replacements of numbers that are invalid or extreme.
const ODD_NUMBERS: [&str; 34] = [
    "0",
    "-0.0",
    "-1",
    "-1.5",
    "1.5",
    "2",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "-170141183460469231731687303715884105728",
    "1e400",
    "-1e400",
    "1e-400",
    "5e-324",
    "1e308 * 10.0",
    "0.0 / 0.0",
    "1 / 0",
    "-(1.0 / 0.0)",
    "1 - 2",
    "3u8",
    "3.0f32",
    "1e400f64",
    "0xffff_ffff_ffff_ffff",
    "0b1",
    "f64::NAN",
    "f64::INFINITY",
    "NUMBER",
    "usize::MAX * usize::MAX",
    "[]",
    "[1e400, 0.0]",
    "(1, 2, 3)",
    "\"1\"",
];

/// Replaces number `index` (counted through all groups) by `number`; `None` after the last one.
fn with_number(
    tokens: TokenStream,
    index: &mut usize,
    number: &TokenStream,
) -> Option<TokenStream> {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    for tree in &mut trees {
        match tree {
            TokenTree::Group(group) => {
                if let Some(inner) = with_number(group.stream(), index, number) {
                    *tree = Group::new(group.delimiter(), inner).into();
                    return Some(trees.into_iter().collect());
                }
            }
            TokenTree::Literal(literal) if literal.to_string().starts_with(char::is_numeric) => {
                if *index == 0 {
                    *tree = Group::new(Delimiter::None, number.clone()).into();
                    return Some(trees.into_iter().collect());
                }
                *index -= 1;
            }
            _ => {}
        }
    }
    None
}

/// Changes one token, at any depth, or swaps two.
fn mutate(tokens: TokenStream, random: &mut Random) -> TokenStream {
    change(tokens, random, 5)
}

/// Makes one of the first `kinds` kinds of a change.
fn change(tokens: TokenStream, random: &mut Random, kinds: usize) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return TokenStream::from(any_token(random));
    }
    let index = random.below(trees.len());
    if let TokenTree::Group(group) = &trees[index] {
        // Most tokens of a model are inside groups.
        if random.below(8) > 0 {
            let inner = change(group.stream(), random, kinds);
            let inner = Group::new(group.delimiter(), inner);
            trees[index] = inner.into();
            return trees.into_iter().collect();
        }
    }
    let other = random.below(trees.len());
    match random.below(kinds) {
        0 => drop(trees.remove(index)),
        1 => trees.insert(index, trees[other].clone()),
        2 => trees[index] = any_token(random),
        3 => trees.insert(index, any_token(random)),
        _ => trees.swap(index, other),
    }
    trees.into_iter().collect()
}

fn check(arguments: TokenStream, item: TokenStream) {
    let source = item.to_string();
    let result = std::panic::catch_unwind(|| {
        let tokens = expand_model(arguments, item);
        let readable = syn::parse2::<syn::File>(tokens.clone()).is_ok();
        let text = tokens.to_string();
        // rustc has reported what is no struct; the expansion repeats it.
        let is_reported =
            text.contains("compile_error") || text.contains("multi_input_cannot_read_this");
        assert!(readable || is_reported, "no items, no error: {text}");
    });
    assert!(result.is_ok(), "for\n{source}");
}

#[test]
fn no_token_stream_makes_the_macro_panic() {
    for seed in seeds() {
        check(TokenStream::new(), seed);
    }
    check_mutations(10_000, Random(7));
}

#[test]
fn no_number_makes_the_macro_panic() {
    check_numbers(9);
}

#[test]
fn one_changed_token_is_a_model_or_at_most_two_errors() {
    check_single_mutations(1_000, Random(5));
}

/// `just soak`: a million changes of one token.
#[test]
#[ignore = "takes minutes"]
fn soak_a_million_changed_tokens() {
    check_single_mutations(1_000_000, Random(13));
}

/// One changed token is one mistake. A second error is allowed, since a token that is removed or inserted
/// may break what stands before it and what stands behind it.
fn check_single_mutations(rounds: usize, mut random: Random) {
    let seeds = seeds();
    for seed in &seeds {
        assert_eq!(errors_of(&seed.to_string()), [""; 0], "for\n{seed}");
    }
    for round in 0..rounds {
        let item = change(seeds[round % seeds.len()].clone(), &mut random, 4).to_string();
        let errors = errors_of(&item);
        assert!(errors.len() <= 2, "{errors:#?}\nfor\n{item}");
    }
}

/// The errors that a model expands to; equal ones at one place rustc prints once. What rustc cannot read
/// as tokens has none.
fn errors_of(item: &str) -> Vec<String> {
    // Read from text, because the macro tells tokens apart by their places.
    let Ok(tokens) = item.parse() else { return Vec::new() };
    let has_stages = item.contains("known_at");
    let arguments = has_stages.then(|| quote!(stages(booking, departure)));
    let mut found = BTreeSet::new();
    collect_errors(expand_model(arguments.unwrap_or_default(), tokens), &mut found);
    invalidate_current_thread_spans();
    found.into_iter().collect()
}

fn collect_errors(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let mut follows_the_macro = false;
    for tree in tokens {
        match tree {
            TokenTree::Ident(name) => follows_the_macro = name == "compile_error",
            TokenTree::Group(group) if follows_the_macro => {
                found.insert(format!("{:?}: {}", group.span(), group.stream()));
            }
            TokenTree::Group(group) => collect_errors(group.stream(), found),
            _ => {}
        }
    }
}

/// `just soak`: every odd number at every position.
#[test]
#[ignore = "takes minutes"]
fn soak_all_odd_numbers() {
    check_numbers(1);
}

/// Every `step`th odd number at every position of every seed, with the others at the next
/// positions.
fn check_numbers(step: usize) {
    let numbers = ODD_NUMBERS.map(|number| number.parse::<TokenStream>().unwrap());
    for seed in seeds() {
        for (index, number) in numbers.iter().enumerate() {
            let mut index = index % step;
            while let Some(item) = with_number(seed.clone(), &mut { index }, number) {
                check(TokenStream::new(), item);
                index += step;
            }
        }
    }
}

/// `just soak`: a million other streams.
#[test]
#[ignore = "takes minutes"]
fn soak_a_million_token_streams() {
    check_mutations(1_000_000, Random(11));
}

fn check_mutations(rounds: usize, mut random: Random) {
    for round in 0..rounds {
        let seeds = seeds();
        let mut item = seeds[round % seeds.len()].clone();
        for _ in 0..=random.below(6) {
            item = mutate(item, &mut random);
        }
        let arguments = match random.below(10) {
            0 => mutate(quote!(crate = my::path, allow(relu_head, linear_stack)), &mut random),
            1 | 2 => {
                let parts = quote!(part(Item(title, cover) = item, Both = (query, topic, price)));
                mutate(parts, &mut random)
            }
            3 => {
                let rules = quote! {
                    stages(booking, departure), max_parameters = 1_000, max_flops = 2 * LIMIT,
                    max_memory = "4 kB", part(Vector(rooms) = vector)
                };
                mutate(rules, &mut random)
            }
            4 => mutate(quote!(export = onnx(encoded(query, city, when)), to_onnx), &mut random),
            _ => TokenStream::new(),
        };
        check(arguments, item);
    }
}

#[test]
fn no_newtype_makes_the_derive_panic() {
    let mut random = Random(13);
    for _ in 0..2_000 {
        let mut item = quote! {
            #[newtype(name = "Metres", crate = my::path)]
            pub struct Metres(#[doc(hidden)] pub [[Option<f32>; 3]; N]);
        };
        for _ in 0..=random.below(6) {
            item = mutate(item, &mut random);
        }
        let text = item.to_string();
        let result = std::panic::catch_unwind(|| expand_newtype(item));
        assert!(result.is_ok(), "for\n{text}");
    }
}
