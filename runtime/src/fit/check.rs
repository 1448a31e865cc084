//! Checks all settings before training starts, and reports every mistake at once.

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_kernel::{Backend, Element};

use super::{
    settings::{Refit, Settings, ValidationRows},
    setup::{Checked, Setup},
    weighting::class_mistakes,
};
use crate::{
    callback::{RunPlan, Validation},
    cluster::Cluster,
    definition::{Graph, Node, Output},
    history::Figures,
    untyped::{LookUp, UntypedModel},
};

impl<'c> Setup<'c> {
    /// Checks the settings for a run on `rows` rows in memory and adds the [`RunPlan`].
    ///
    /// # Errors
    /// [`Error::Settings`] with every mistake.
    pub(crate) fn checked(self, rows: usize) -> Result<Checked<'c>> {
        self.graph.check_loss("train on")?;
        let mut mistakes = Vec::new();
        let plan = self.run_plan(self.cut(rows, &mut mistakes));
        mistakes.extend(self.mistakes(&plan));
        let weights = self.weighting.checked(&self.sample_weights);
        mistakes.extend(weights.iter().filter_map(|of| of.mistake().map(str::to_owned)));
        ok_unless(Checked { setup: self, plan, weights }, mistakes)
    }

    /// The plan of a run on the rows of a source: `rows` is the counted number, or 0 before
    /// counting. Sample weights are checked while the rows are counted.
    ///
    /// # Errors
    /// [`Error::Settings`] with every mistake.
    pub(super) fn check_source(&self, rows: usize) -> Result<RunPlan> {
        self.graph.check_loss("train on")?;
        let split = matches!(self.validation, ValidationRows::Split(_)).then(|| {
            "`validation_split` needs the rows in memory: set rows of the source apart with `part`, \
             and hand them to `validation_data`"
                .to_owned()
        });
        let plan = self.run_plan(rows);
        ok_unless(plan, split.into_iter().chain(self.mistakes(&plan)).collect())
    }

    /// Every mistake that does not depend on the rows.
    fn mistakes(&self, plan: &RunPlan) -> Vec<String> {
        let mut mistakes = self.optimizer.mistakes();
        mistakes.extend(self.settings.mistakes(self.graph));
        mistakes.extend(self.sharded_mistakes());
        mistakes.extend(self.settings.batch_norm_mistake(self.graph, plan.rows));
        mistakes.extend(self.callbacks.iter().flat_map(|callback| callback.mistakes(plan)));
        mistakes.extend(self.graph.outputs.iter().flat_map(output_mistakes));
        mistakes.extend(Figures::name_mistakes(self.graph));
        for class_weights in &self.weighting.by_class {
            let output = self.graph.outputs.get(class_weights.index);
            let found = output.map(|output| class_mistakes(output, &class_weights.weights));
            mistakes.extend(found.into_iter().flatten());
            mistakes.extend(output.and_then(of_no_elements));
        }
        mistakes
    }

    /// What changes every row of a table in every step, if there are sharded tables, of which a step
    /// changes the rows that it looks up.
    fn sharded_mistakes(&self) -> Vec<String> {
        let Some(table) = LookUp::all(self.graph).into_iter().find(|look_up| look_up.sharded)
        else {
            return Vec::new();
        };
        let reason = format!(
            "changes every row of every table in every step, but the table of `{}` is `sharded`: \
             leave one of them out",
            table.owner
        );
        let mistake = |what: &str| format!("{what} {reason}");
        let settings = &self.settings;
        let dense = self.optimizer.step_size(1).is_none();
        let dense = dense.then(|| mistake("the optimizer, which has no `catch_up`,"));
        let averages = settings.moving_average.map(|_| mistake("`moving_average`"));
        let whole = settings.whole_tables.then(|| mistake("`whole_tables`"));
        dense.into_iter().chain(averages).chain(whole).collect()
    }

    /// Compares the ranks of the run with those among which the model's tables are divided.
    ///
    /// # Errors
    /// [`Error::Settings`] if they are others.
    pub(super) fn check_ranks<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
    ) -> Result<()> {
        let Some(own) = model.cluster() else { return Ok(()) };
        let found = self.settings.cluster.as_ref();
        if found.is_some_and(|found| found.is(own)) {
            return Ok(());
        }
        let found = found.map_or("no cluster".to_owned(), |found| format!("{found:?}"));
        Err(Error::Settings(vec![format!(
            "the model was built on a cluster, as {own:?}, and trains on {found}: give the trainer \
             the same cluster with `on`"
        )]))
    }

    /// The notice about sharded tables that are on every rank.
    pub(super) fn undivided<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
    ) -> Option<Notice> {
        let ranks = self.settings.cluster.as_ref().map_or(1, Cluster::ranks);
        if ranks == 1 || model.divided.is_some() {
            return None;
        }
        let table = LookUp::all(self.graph).into_iter().find(|look_up| look_up.sharded)?;
        let message = format!(
            "every rank holds the whole table of `{}`, which is `sharded`: `Model::build_on` and \
             `load_on` divide its rows among the ranks",
            table.owner
        );
        Some(Notice::new(NoticeKind::Other, message))
    }

    fn run_plan(&self, rows: usize) -> RunPlan {
        let given = !matches!(self.validation, ValidationRows::None);
        let pass = rows.div_ceil(self.settings.batch_size.max(1));
        RunPlan {
            graph: self.graph,
            epochs: self.settings.epochs,
            steps_per_epoch: self.settings.steps_per_epoch.unwrap_or(pass),
            rows,
            validation: if given { Validation::Given } else { Validation::Missing },
            resumes: self.settings.resume.is_some(),
        }
    }

    /// The number of training rows: all, or those before the `validation_split`.
    fn cut(&self, rows: usize, mistakes: &mut Vec<String>) -> usize {
        let ValidationRows::Split(fraction) = self.validation else { return rows };
        if !(fraction > 0.0 && fraction < 1.0) {
            mistakes
                .push(format!("`validation_split` must be above 0 and below 1, but is {fraction}"));
            return rows;
        }
        let training = (rows as f64 * (1.0 - fraction)).floor() as usize;
        if training == 0 || training == rows {
            mistakes.push(format!(
                "`validation_split({fraction})` of {rows} rows leaves {training} to train on and \
                 {} to validate with",
                rows - training
            ));
        }
        training
    }
}

/// The plan, or [`Error::Settings`] if there are mistakes.
pub(super) fn ok_unless<T>(plan: T, mistakes: Vec<String>) -> Result<T> {
    match mistakes.is_empty() {
        true => Ok(plan),
        false => Err(Error::Settings(mistakes)),
    }
}

impl Settings {
    fn mistakes(&self, graph: &Graph) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut at_least_one = |name: &str, number: usize| {
            if number == 0 {
                mistakes.push(format!("`{name}` must be at least 1"));
            }
        };
        at_least_one("epochs", self.epochs);
        at_least_one("batch_size", self.batch_size);
        at_least_one("shuffle_window", self.shuffle_window);
        at_least_one("shuffle_memory", self.shuffle_memory);
        at_least_one("steps_per_epoch", self.steps_per_epoch.unwrap_or(1));
        at_least_one("validation_frequency", self.validation_frequency);
        at_least_one("accumulate", self.accumulate);
        if self.initial_epoch > 0 && self.initial_epoch >= self.epochs {
            mistakes.push(format!(
                "`initial_epoch({})` leaves nothing to train before `epochs({})`",
                self.initial_epoch, self.epochs
            ));
        }
        mistakes.extend(self.shards_mistake());
        mistakes.extend(self.clip.and_then(|clip| clip.mistake()));
        mistakes.extend(self.moving_average.iter().flat_map(|average| average.mistakes()));
        for (node, factor) in &self.rates {
            mistakes.extend(graph.branch_mistake(node));
            if !(*factor >= 0.0 && factor.is_finite()) {
                mistakes.push(format!(
                    "`learning_rate_of` `{node}` must be a number of at least 0, but is {factor}"
                ));
            }
        }
        mistakes.extend(self.frozen.iter().filter_map(|node| graph.branch_mistake(node)));
        if let Refit::Fields(fields) = &self.refit {
            let is_field = |name: &str| {
                graph.inputs.iter().any(|input| input.name == name)
                    || graph.derived.iter().any(|derived| derived.name == name)
                    || graph.outputs.iter().any(|output| output.name == name)
            };
            let others = fields.iter().filter(|name| !is_field(name));
            mistakes.extend(others.map(|name| {
                format!(
                    "`refit`: `{name}` is no input, derived node or output, so nothing is fitted"
                )
            }));
        }
        for (node, probability) in &self.dropped {
            if !(0.0..=1.0).contains(probability) {
                mistakes.push(format!(
                    "the probability to drop `{node}` must be from 0 to 1, but is {probability}"
                ));
            }
        }
        mistakes
    }
}

impl Settings {
    /// The mistake of fewer shards than ranks.
    fn shards_mistake(&self) -> Option<String> {
        let shards = self.virtual_shards?;
        let ranks = self.cluster.as_ref().map_or(1, Cluster::ranks);
        (shards < ranks).then(|| {
            format!(
                "`virtual_shards({shards})` leaves ranks without work: there are {ranks}, and each \
                 takes at least one shard"
            )
        })
    }

    /// The mistake of training a `BatchNorm` over features on batches of one row: each feature has
    /// one value and no variance.
    fn batch_norm_mistake(&self, graph: &Graph, training_rows: usize) -> Option<String> {
        if self.batch_size != 1 && training_rows != 1 {
            return None;
        }
        let trained =
            graph.nodes.iter().filter(|node| !node.frozen && !self.frozen.contains(&node.name));
        let with_one_value = |node: &&Node| {
            let mut layers = node.layers.iter();
            layers.any(|layer| layer.is("BatchNorm") && layer.shape.len() == 1)
        };
        let node = trained.into_iter().find(with_one_value)?.name;
        let which = match self.batch_size {
            1 => "`batch_size(1)`".to_owned(),
            _ => "a single training row".to_owned(),
        };
        Some(format!(
            "{which} gives the `BatchNorm` of `{node}` one value for each feature, which has no \
             variance: take batches of at least 2 rows, or `LayerNorm`"
        ))
    }
}

/// The mistake of class weights for labels whose loss is not the mean over them.
fn of_no_elements(output: &Output) -> Option<String> {
    let form = output.loss.form();
    let unfit = output.label_count() > 0 && !form.elementwise;
    unfit.then(|| {
        format!(
            "`{}` of output `{}` is not the mean of a loss of each label (`LossForm::elementwise`), so \
             labels have no class weights",
            form.name, output.name
        )
    })
}

/// Mistakes in an output's weight and loss arguments. A graph written by the macro has none.
fn output_mistakes(output: &Output) -> Vec<String> {
    let Output { weight, loss, .. } = output;
    let name = output.name;
    let sound = *weight >= 0.0 && weight.is_finite();
    let of_weight = (!sound).then(|| {
        format!("the weight of output `{name}` must be a number of at least 0, but is {weight}")
    });
    let of_loss =
        loss.mistake().map(|mistake| format!("`{}` of output `{name}`: {mistake}", loss.name()));
    let (point, parts) = (loss.point(), loss.parts(output.head, output.width));
    let of_point = (point >= parts.max(1))
        .then(|| format!("`{}` of output `{name}` has no part {point}, but {parts}", loss.name()));
    of_weight.into_iter().chain(of_loss).chain(of_point).collect()
}
