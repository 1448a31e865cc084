//! What other libraries have and this one has not, each with what to use instead.

use super::Kind;

/// Something that does not exist here.
#[derive(Clone, Copy, Debug)]
pub struct Absent {
    /// What it is elsewhere.
    pub kind: Kind,
    /// Its names elsewhere.
    pub names: &'static [&'static str],
    /// What to use instead: a sentence without its full stop, in Markdown.
    pub instead: &'static str,
}

const fn layer(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Layer, names, instead }
}

const fn activation(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Activation, names, instead }
}

const fn merge(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Merge, names, instead }
}

const fn loss(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Loss, names, instead }
}

const fn metric(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Metric, names, instead }
}

const fn step(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { kind: Kind::Step, names, instead }
}

const OWN_LAYER: &str = "write a module of your own, `my::Name => [64]` with the sizes it gives";
const OWN_METRIC: &str = "write a metric of your own, and name it by its path: `metrics(my::Name)`";
const OWN_STEP: &str = "write a step of your own, and name it by its path: `my::Name`";
const OWN_MERGE: &str =
    "write a merge of your own, and name it by its path: `my::Name(first, second)`";
const OWN_LOSS: &str = "write a loss of your own, and name it by its path: `loss = my::Name`";
const SIMILAR: &str = "`relu`, `leaky_relu`, `elu`, `selu`, `gelu` and `silu` are its relatives";

/// Everything that is known to exist elsewhere and not here.
pub const ABSENT: &[Absent] = &[
    // Layers.
    layer(&["Conv3D", "Convolution3D", "LazyConv3d", "MaxPool3D", "MaxPooling3D", "AvgPool3D", "AveragePooling3D", "GlobalMaxPooling3D", "GlobalAveragePooling3D", "UpSampling3D", "ZeroPadding3D", "BatchNorm3d"], "data has at most two axes besides its channels; make channels of one axis and use `Conv2D(filters, kernel)`, or write a module of your own"),
    layer(&["Conv2DTranspose", "ConvTranspose2d", "Deconv2D", "Deconvolution2D", "ConvTrans2D", "Conv1DTranspose", "ConvTranspose1d", "Conv3DTranspose", "ConvTranspose3d"], "`UpSampling2D(2)` and then `Conv2D(filters, kernel, padding = same)` enlarge an image"),
    layer(&["DepthwiseConv2D", "DepthwiseConv1D"], "`Conv2D(filters, kernel, groups = channels)` has kernels of its own for each channel; `SeparableConv2D(filters, kernel)` mixes them afterwards"),
    layer(&["SeparableConv1D", "SeparableConvolution1D"], "`Conv1D(filters, kernel, groups = channels)` and then `Conv1D(filters, 1)` compute it"),
    layer(&["LocallyConnected1D", "LocallyConnected2D"], "`Conv1D(filters, kernel)` and `Conv2D(filters, kernel)` share their kernels between places"),
    layer(&["Lambda", "LambdaLayer"], OWN_LAYER),
    layer(&["Activation"], "write the activation itself: `relu`, or `Dense(64, relu)`"),
    layer(&["Threshold", "ThresholdedReLU", "PReLU", "ParametricReLU", "RReLU"], "`leaky_relu` has the fixed factor 0.3 below 0; for a learned one write a module of your own"),
    layer(&["InstanceNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNormalization"], "`GroupNorm(groups)` with as many groups as there are channels computes it"),
    layer(&["LocalResponseNorm", "LRN", "LocalResponseNormalization"], "`BatchNorm` and `GroupNorm(groups)` are what networks use today"),
    layer(&["UnitNormalization", "L2Normalization", "L2Norm", "normalize"], "`dot(first, second, normalize)` compares directions in a merge; elsewhere `LayerNorm` or a module of your own"),
    layer(&["SpectralNormalization", "SpectralNorm", "WeightNorm"], "`l2 = 1e-4` in a layer keeps its weights small"),
    layer(&["SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "GaussianDropout", "DropoutOneIn", "DropPath", "StochasticDepth"], "`Dropout(0.2)` drops single numbers"),
    layer(&["GaussianNoise", "AddNoise"], "`Dropout(0.2)` is the noise that a branch has; for other noise write a module of your own"),
    layer(&["ActivityRegularization"], "`l1 = 1e-4` and `l2 = 1e-4` in a layer are penalties on its weights"),
    layer(&["BiLSTM", "BidirectionalLSTM"], "write `Bidirectional(LSTM(64))`"),
    layer(&["BiGRU", "BidirectionalGRU"], "write `Bidirectional(GRU(64))`"),
    layer(&["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "ConvLSTM"], "`TimeDistributed(Conv2D(filters, kernel))`, `TimeDistributed(GlobalAveragePool2D)` and then `LSTM(64)` read a sequence of images"),
    layer(&["StackedRNNCells", "MultiRNNCell"], "write the layers one behind the other: `LSTM(64, return_sequences), LSTM(64)`"),
    layer(&["TransformerDecoder", "TransformerDecoderLayer", "TransformerDecoderBlock"], "`TransformerBlock(heads, key_dim, feed_forward, causal)` hides later steps; there is no attention to another sequence"),
    layer(&["AdditiveAttention", "BahdanauAttention", "LuongAttention", "CrossAttention", "GroupedQueryAttention", "GroupQueryAttention"], "`MultiHeadAttention(heads, key_dim)` is self-attention; for another kind write a module of your own"),
    layer(&["DistributedEmbedding", "ShardedEmbedding", "TPUEmbedding", "EmbeddingCollection", "ShardedEmbeddingCollection"], "`Embedding(categories, width, sharded)` divides its rows among the ranks of a cluster"),
    layer(&["ShardedEmbeddingBag", "EmbeddingBagCollection", "ShardedEmbeddingBagCollection"], "`EmbeddingBag(categories, width, sharded)` divides its rows among the ranks of a cluster"),
    layer(&["TokenAndPositionEmbedding"], "write `Embedding(categories, 32), PositionalEmbedding`"),
    layer(&["SinePositionEncoding", "SinusoidalPositionalEncoding", "RotaryEmbedding", "ALiBi"], "`PositionalEmbedding` learns a vector for each position"),
    layer(&["Bilinear"], "`dot(first, second)` and `multiply(first, second)` join two nodes in `#[merge(...)]`; for a learned form write a merge of your own"),
    layer(&["EinsumDense"], "`Dense(64)` works along the last axis, `TimeDistributed(Dense(64))` on each step"),
    layer(&["UnbiasedLinear"], "write `Dense(64, bias = false)`"),
    layer(&["MLP", "FeedForward", "FFN"], "write its layers one behind the other: `Dense(64, relu), Dense(32, relu)`"),
    layer(&["Highway", "Residual", "ResidualBlock", "ResBlock", "SkipConnection", "SplitInto", "Repeated"], "a node of its own for the branch and `#[merge(add(first, second))]` make a residual connection"),
    layer(&["GLU", "SwiGLU", "GEGLU", "GatedLinearUnit"], "two nodes, one of which ends in `sigmoid`, and `#[merge(multiply(first, second))]` make a gate"),
    layer(&["Maxout", "MaxoutDense"], "several nodes of `Dense(64)` and `#[merge(maximum(first, second))]` compute it"),
    layer(&["RepeatVector", "Repeat", "Tile", "Expand"], "a merge makes sizes of 1 as large as the others; for another repetition write a module of your own"),
    layer(&["Permute", "Transpose", "PermuteTo", "SwapAxes", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle"], "`Reshape(sizes)` keeps the order of the numbers; for another order write a module of your own"),
    layer(&["Squeeze", "Unsqueeze", "ExpandDims"], "`Reshape(sizes)` and `Flatten` add and remove axes of size 1"),
    layer(&["Cropping1D", "Cropping2D", "Cropping3D", "Slice", "Narrow", "Select"], "`#[input(center_crop(height, width))]` cuts images before the branch; elsewhere write a module of your own"),
    layer(&["ZeroPadding1D", "ZeroPad1d", "ConstantPad1d", "ReflectionPad1d", "ReplicationPad1d", "CircularPad1d"], "`padding = same` in `Conv1D(filters, kernel, padding = same)` pads a sequence"),
    layer(&["ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "CircularPad2d"], "`ZeroPad2D(1)` pads an image with zeros"),
    layer(&["UpSampling1D"], "write a module of your own"),
    layer(&["UpsamplingBilinear2d"], "`UpSampling2D(2)` repeats each pixel"),
    layer(&["LPPool1d", "LPPool2d", "FractionalMaxPool2d", "MaxUnpool2d", "MinPool2D", "AdaptiveMaxPool3d", "AdaptiveAvgPool3d"], "`MaxPool2D(2)`, `AvgPool2D(2)`, `GlobalMaxPool2D` and `GlobalAveragePool2D` are the pools"),
    layer(&["Sequential", "Functional", "Model", "Module", "ModuleList"], "a branch is a list of layers: `#[branch(Dense(64, relu), Dense(32))]`"),
    layer(&["Input", "InputLayer", "InputSpec"], "an input is a field with `#[input]`, whose type is its shape"),
    layer(&["Output"], "an output is a field with `#[output(loss = mse)]`"),
    layer(&["Resnet", "ResNet50", "VGG16", "MobileNet", "EfficientNet", "BERT", "Backbone"], "there are no networks with weights of others; compute the features beforehand and give them to an `#[input]`"),
    // Activations.
    activation(&["log_softmax", "log_sigmoid"], "leave it out: the losses `cross_entropy` and `binary_cross_entropy` take the logits"),
    activation(&["prelu", "parametric_relu", "rrelu", "thresholded_relu", "threshold"], "`leaky_relu` has the fixed factor 0.3 below 0; for a learned one write a module of your own"),
    activation(&["relu6", "hard_tanh", "hardtanh", "clipped_relu"], "`relu` and `tanh` are its relatives"),
    activation(&["hard_sigmoid"], "`sigmoid` is its smooth form"),
    activation(&["hard_swish", "hard_silu"], "`silu` is its smooth form"),
    activation(&["mish", "celu", "crelu", "squareplus", "softshrink", "hard_shrink", "tanh_shrink", "soft_shrink", "hardshrink", "tanhshrink", "snake", "sin", "cos", "cube"], SIMILAR),
    activation(&["softsign", "soft_sign", "atan"], "`tanh` is its relative"),
    activation(&["exponential", "exp", "square", "sqrt", "abs"], "`softplus` makes numbers positive; for another function write a module of your own"),
    activation(&["glu", "swiglu", "geglu"], "two nodes, one of which ends in `sigmoid`, and `#[merge(multiply(first, second))]` make a gate"),
    activation(&["sparse_plus", "sparse_sigmoid", "sparsemax", "softmin", "gumbel_softmax", "softmax2d"], "`softmax` is along the last axis"),
    activation(&["gelu_new", "gelu_tanh", "fast_gelu", "quick_gelu", "gelu_fast"], "`gelu` is the exact form"),
    activation(&["normalize", "l2_normalize"], "`dot(first, second, normalize)` compares directions in a merge"),
    // Merges.
    merge(&["matmul", "bmm", "mm", "einsum", "outer", "kron", "tensordot", "bilinear"], "`dot(first, second)` is the scalar product along an axis; for another product write a merge of your own"),
    merge(&["divide", "div", "division", "quotient", "ratio"], "`#[derived(first / second)]` divides inputs; elsewhere write a merge of your own"),
    merge(&["cosine", "cosine_similarity", "cos_sim"], "write `dot(first, second, normalize)`"),
    merge(&["manhattan", "l1_distance", "cityblock"], "`distance(first, second)` is the Euclidean distance; for another write a merge of your own"),
    merge(&["stack", "vstack", "dstack", "column_stack"], "`concat(first, second, axis = 0)` puts nodes one behind the other"),
    merge(&["attention", "cross_attention", "gate", "gated", "gating", "film", "lerp", "where", "select", "if_else", "pow", "xor", "and", "or", "power", "norm"], OWN_MERGE),
    merge(&["median"], "`average(first, second)`, `minimum(first, second)` and `maximum(first, second)` are there"),
    // Losses.
    loss(&["msle", "mean_squared_logarithmic_error", "rmsle", "mean_squared_log_error"], "`#[output(loss = mse, log1p)]` compares logarithms"),
    loss(&["rmse", "root_mean_squared_error"], "it has the minimum of `mse`; `metrics(rmse)` reports it"),
    loss(&["mape", "mean_absolute_percentage_error", "smape"], "`#[output(loss = mae, log1p)]` compares ratios; `metrics(mape)` reports it"),
    loss(&["squared_hinge", "categorical_hinge", "HingeEmbeddingLoss", "MultiMarginLoss", "MultiLabelMarginLoss", "SoftMarginLoss", "svm"], "`hinge` compares with -1 and 1, `binary_cross_entropy` and `cross_entropy` compare flags and classes"),
    loss(&["gamma_nll", "gamma", "gamma_deviance", "lognormal", "laplace", "exponential", "student_t", "weibull", "zero_inflated_poisson"], "`gaussian`, `poisson`, `tweedie`, `negative_binomial` and `quantile(0.1, 0.9)` are the losses of distributions"),
    loss(&["ctc", "CTCLoss", "CTC"], OWN_LOSS),
    loss(&["dice", "DiceLoss", "tversky", "jaccard", "iou", "lovasz"], "`binary_focal` and `balanced_binary_focal` are for rare labels"),
    loss(&["CosineEmbeddingLoss", "InfoNCE", "NTXent", "simclr", "sampled_softmax", "nce", "clip_loss", "MultipleNegativesRanking", "circle", "arcface"], "`contrastive` and `triplet` compare pairs by their `distance(first, second)`"),
    loss(&["MarginRankingLoss", "pairwise", "ranknet", "lambdarank", "listnet", "bpr", "BPRLoss", "warp", "approx_ndcg"], "`triplet` ranks two by their `distance(first, second)`; `ordinal` is for grades"),
    loss(&["r2", "accuracy", "f1", "auc", "precision", "recall"], "it has no gradient to follow; name it in `metrics(...)` and use a loss such as `mse` or `cross_entropy`"),
    loss(&["logloss", "log_loss", "deviance", "logit"], "`binary_cross_entropy` is for `bool`, `cross_entropy` for `Class<N>`"),
    // Metrics.
    metric(&["balanced_accuracy", "balanced_accuracy_score", "unweighted_average_recall"], "`recall(average = macro)` is the mean over the classes"),
    metric(&["f1_macro", "macro_f1"], "write `f1(average = macro)`"),
    metric(&["f1_micro", "micro_f1"], "write `f1(average = micro)`"),
    metric(&["f1_weighted", "weighted_f1"], "write `f1(average = weighted)`"),
    metric(&["precision_macro"], "write `precision(average = macro)`"),
    metric(&["recall_macro"], "write `recall(average = macro)`"),
    metric(&["f2"], "write `fbeta(beta = 2)`"),
    metric(&["f05"], "write `fbeta(beta = 0.5)`"),
    metric(&["top1", "top_1"], "`accuracy` is the share of rows whose most likely class is right"),
    metric(&["top2", "top3", "top5", "top10", "hits", "hit_rate", "hit_ratio", "recall_at_k"], "write `top_k(k = 5)`, with the number of classes that count"),
    metric(&["mcc", "matthews", "matthews_corrcoef", "kappa", "cohen_kappa", "cohen_kappa_score", "specificity", "tnr", "npv", "iou", "mean_iou", "dice", "jaccard", "hamming", "hamming_loss", "brier", "brier_score", "pr_auc", "average_precision", "precision_at_k", "average_precision_score", "auprc", "ndcg", "map", "mrr", "smape", "msle", "rmsle", "medae", "median_absolute_error", "max_error", "explained_variance", "pearson", "spearman", "bleu", "rouge", "perplexity", "ece", "ks", "gini", "concordance"], OWN_METRIC),
    metric(&["tp", "fp", "tn", "fn", "true_positives", "false_positives", "true_negatives", "false_negatives", "confusion_matrix", "classification_report", "support"], "a trained model has them in its `confusion_matrix`"),
    metric(&["loss", "val_loss"], "the loss is always reported"),
    metric(&["log_loss", "logloss", "cross_entropy", "crossentropy", "binary_cross_entropy", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "huber", "hinge", "poisson", "kl_divergence", "log_cosh", "cosine_similarity"], "a loss is reported by itself; elsewhere write a metric of your own, `metrics(my::Name)`"),
    // Preprocessing.
    step(&["to_tensor", "ToTensor", "pil_to_tensor", "to_float", "ToPILImage", "ConvertImageDtype", "img_to_array"], "leave it out: `resize(64, 64)` gives the numbers 0 to 255, which `rescale(0.00392)` makes 0 to 1"),
    step(&["grayscale", "to_grayscale", "RandomGrayscale", "rgb_to_grayscale", "rgb_to_gray"], "declare the input as `Image<1>`, which is read in shades of grey"),
    step(&["RandomVerticalFlip", "vertical_flip", "vflip"], "write `flip(vertical)`"),
    step(&["RandomBrightness", "brightness", "brightness_range", "ColorJitter", "RandomColorJitter", "RandomHue", "RandomSaturation", "hue", "saturation", "AutoContrast", "Equalization", "RandomInvert", "Solarization", "RandomPosterization"], "`contrast(0.2)` is the change of colours in training"),
    step(&["RandomTranslation", "RandomShear", "RandomAffine", "RandomPerspective", "width_shift_range", "height_shift_range", "shear_range", "ElasticTransform"], "`random_crop(height, width)`, `rotate(0.1)` and `zoom(0.1)` move images in training"),
    step(&["RandomResizedCrop"], "write `zoom(0.2), random_crop(height, width)`"),
    step(&["RandomErasing", "CutOut", "RandAugment", "AutoAugment", "AugMix", "MixUp", "CutMix", "RandomGaussianBlur", "GaussianBlur", "RandomSharpness", "TrivialAugmentWide"], "`flip`, `rotate(0.1)`, `zoom(0.1)`, `contrast(0.2)` and `random_crop(height, width)` change images in training"),
    step(&["log", "ln", "log10", "log2", "boxcox", "box_cox", "yeo_johnson", "PowerTransformer", "QuantileTransformer", "sqrt", "FunctionTransformer", "apply", "map", "transform"], "`log1p` is the logarithm of 1 + x, `robust` is unmoved by extreme values; for another function write a step of your own, `my::Name`"),
    step(&["MaxAbsScaler", "maxabs", "max_abs"], "`min_max(-1, 1)` scales to a range"),
    step(&["Normalizer", "UnitNormalization", "l2_normalize", "unit_norm"], "`standardize` scales each number by itself; for each row by itself write a step of your own, `my::Name`"),
    step(&["Binarizer", "binarize", "threshold"], "`bins(edges = [0.5])` tells numbers below from those above"),
    step(&["PolynomialFeatures", "SplineTransformer", "Fourier", "winsorize", "TargetEncoder", "target_encoding", "mean_encoding", "CatBoostEncoder", "frequency_encoding", "count_encoding", "PCA", "TfidfVectorizer", "tfidf", "TfidfTransformer", "KNNImputer", "IterativeImputer", "interpolate", "rank", "MelSpectrogram", "STFTSpectrogram"], OWN_STEP),
    step(&["CountVectorizer", "bag_of_words", "bow"], "`words(10_000, 100)` and then `EmbeddingBag(auto, 32)` in the branch read a bag of words"),
    step(&["CategoryEncoding"], "`one_hot(size)` is for one category, `multi_hot(size)` for a list of them"),
    step(&["embedding", "embed"], "`#[branch(Embedding(100, 8))]` is a layer; a text becomes a category by `categories(capacity)`"),
    step(&["dropna", "drop_na", "dropnull"], "`impute(mean)` fills what is missing; of an `Option`, `missing = zeros` says what stands in"),
    step(&["ffill", "bfill", "forward_fill", "backward_fill", "pad_na", "rolling", "shift", "lag", "diff", "ewm", "cumsum", "pct_change", "groupby"], "a step sees one row; compute it before the rows are made"),
    step(&["astype", "dtype", "cast", "to_numeric", "float", "int", "as_type"], "the field's type says what it is: `f32`, `bool`, `u32` or `String`"),
    step(&["to_datetime", "parse_dates", "date_format", "strptime"], "a field of the type `NaiveDate` is a date; `calendar(year, month, format = \"%d/%m/%Y\")` says how it is written"),
    step(&["lower", "lowercase", "upper", "strip", "str_lower"], "`words(10_000, 100)` makes all letters small and leaves punctuation out"),
    step(&["replace", "drop", "rename", "select", "filter"], "do it before the rows are made, or write a step of your own, `my::Name`"),
    step(&["shape", "input_shape", "batch_shape"], "leave it out: the field's type is its shape, as `[f32; 10]`"),
    step(&["name"], "leave it out: the name of the field is its name; `columns(\"first\")` names its column in files"),
    step(&["optional", "nullable", "required", "default", "default_value"], "the type `Option<f32>` may be absent, and `missing = zeros` says what stands in"),
    step(&["batch_size", "sparse", "ragged"], "leave it out: a field is one row"),
    step(&["shuffle", "seed", "random_state"], "leave it out: the seed of `build` and of the `Trainer` decides all random numbers"),
    step(&["label", "target"], "an output is a field of its own with `#[output(loss = mse)]`"),
    step(
        &["date", "year", "month", "day", "weekday", "day_of_week", "hour", "minute", "date_part"],
        "`calendar(year, month, weekday)` takes a date apart",
    ),
    step(
        &["cyclic", "cyclical", "sin_cos", "sine", "seasonal"],
        "`calendar(month_cycle, hour_cycle)` gives parts of a date as sine and cosine",
    ),
    step(
        &["activation", "act"],
        "an activation is in the branch: `#[branch(Dense(64, relu))]`",
    ),
    step(
        &["optimizer", "learning_rate", "lr", "epochs", "callbacks", "validation_split"],
        "leave it out: the `Trainer` has it",
    ),
    step(
        &["class_weight", "class_weights", "sample_weight", "pos_weight"],
        "leave it out: the weights of classes and rows are given to the `Trainer`",
    ),
    step(
        &["from_logits"],
        "leave it out: a loss is computed from the logits, whether the branch ends in the activation or not",
    ),
    step(&["RandomApply", "RandomChoice", "Compose", "Pipeline", "make_pipeline", "ColumnTransformer", "Sequential"], "name the steps one behind the other: `#[input(impute(mean), standardize)]`"),
];
