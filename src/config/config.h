/* A run's configuration as one plain struct. Every field is one row of the table in keys.c, which holds its
 * name, type, default, unit, range and sentence; nothing else in the program knows a default. The fields and
 * rows of terms and optimisers come from terms.def and optimizers.def. */
#ifndef BL_CONFIG_CONFIG_H
#define BL_CONFIG_CONFIG_H

#include <stdint.h>

enum {
    BL_PATH_MAX = 1024,
    BL_NAME_MAX = 64,
    BL_HIDDEN_MAX = 64,
    BL_CODE_BITS_MAX = 1024,
    BL_HINTS_MAX = 512
};

enum bl_normalize {
    BL_NORMALIZE_NONE,
    BL_NORMALIZE_CENTER,
    BL_NORMALIZE_STANDARDIZE,
    BL_NORMALIZE_UNIT,
    BL_NORMALIZE_SCALE
};
enum bl_residency { BL_RESIDENCY_MEMORY, BL_RESIDENCY_STREAM };
enum bl_bad_rows { BL_BAD_ROWS_STOP, BL_BAD_ROWS_DROP };
enum bl_activation { BL_ACTIVATION_RELU, BL_ACTIVATION_TANH };
enum bl_init { BL_INIT_RANDOM, BL_INIT_PCA, BL_INIT_ITQ };
enum bl_relaxation { BL_RELAXATION_TANH, BL_RELAXATION_STE, BL_RELAXATION_TANH_BETA };
enum bl_pair_form_name {
    BL_FORM_LIKELIHOOD,
    BL_FORM_LITERAL,
    BL_FORM_CONTRASTIVE,
    BL_FORM_CAUCHY,
    BL_FORM_MIXED
};
enum bl_similarity {
    BL_SIMILARITY_LABEL,
    BL_SIMILARITY_SHARED,
    BL_SIMILARITY_JACCARD,
    BL_SIMILARITY_COSINE,
    BL_SIMILARITY_GROUP
};
enum bl_against { BL_AGAINST_BATCH, BL_AGAINST_MEMORY };
enum bl_quantization {
    BL_QUANTIZATION_SQUARED,
    BL_QUANTIZATION_LOG_COSH,
    BL_QUANTIZATION_CUBIC,
    BL_QUANTIZATION_ABSOLUTE,
    BL_QUANTIZATION_CAUCHY
};
enum bl_class_codes { BL_CLASS_CODES_AUTO, BL_CLASS_CODES_HADAMARD, BL_CLASS_CODES_RANDOM };
enum bl_balance { BL_BALANCE_NONE, BL_BALANCE_BALANCED, BL_BALANCE_EXPLICIT };
enum bl_optimizer_name {
#define OPTIMIZER(name, what) BL_OPTIMIZER_##name,
#include "config/optimizers.def"
};
enum bl_schedule { BL_SCHEDULE_CONSTANT, BL_SCHEDULE_STEP, BL_SCHEDULE_COSINE };
enum bl_pairs { BL_PAIRS_AUTO, BL_PAIRS_TWICE, BL_PAIRS_ONCE };
enum bl_shared { BL_SHARED_AUTO, BL_SHARED_OFF };
enum bl_overlap { BL_OVERLAP_AUTO, BL_OVERLAP_NONE, BL_OVERLAP_CODES, BL_OVERLAP_GRADIENT, BL_OVERLAP_BOTH };
enum bl_reduction { BL_REDUCTION_FAST, BL_REDUCTION_EXACT };

struct bl_config_data {
    char file[BL_PATH_MAX]; /* as written: relative to the folder of the configuration */
    char train[BL_NAME_MAX];
    double validation; /* share of the train split held out */
    int64_t validation_seed;
    int64_t shards;
    int residency;      /* enum bl_residency */
    int64_t window_mib; /* of a shard, under residency: stream */
    int normalize;      /* enum bl_normalize */
    int bad_rows;       /* enum bl_bad_rows */
};

struct bl_config_model {
    int64_t hidden[BL_HIDDEN_MAX]; /* widths of the hidden layers, input side first */
    int64_t hidden_count;
    int activation;
    int init; /* enum bl_init: the first parameters */
    double dropout;
    int64_t heads;
    int64_t bits; /* per head; the code has heads * bits */
};

struct bl_config_objective {
    int preset;        /* place in presets.def */
    int64_t seed;      /* no key: train.seed, for what terms draw */
    int relaxation;    /* the code c that the pairwise term sees */
    double beta_start; /* tanh-beta: beta(t) = min(beta_max, beta_start (1 + beta_growth t)^beta_power) */
    double beta_growth;
    double beta_power;
    double beta_max;
    int class_codes; /* how the fixed codes of classes are made */
    double gamma;    /* of Cauchy's distribution, in the forms cauchy of two terms */

    /* Of each term its weight, 0 for off, and keys of its own: pairwise_weight, pairwise_form... */
#define ROW_TERM(name, sentence)       double name##_weight;
#define PARAMETER_TERM(name, sentence) double name##_weight;
#define TERM_REAL(name, key, ...)      double name##_##key;
#define TERM_CHOICE(name, key, ...)    int name##_##key;
#include "config/terms.def"
};

struct bl_config_optimizer {
    int name; /* enum bl_optimizer_name */
    double lr;
    double weight_decay;
#define OPTIMIZER_REAL(key, ...)    double key; /* of one optimiser */
#define OPTIMIZER_BOOLEAN(key, ...) int key;
#include "config/optimizers.def"
    int schedule;
    int64_t warmup_steps;
    int64_t step_every_epochs; /* schedule: step */
    double step_factor;
    double final_lr; /* schedule: cosine, share of lr at the end */
    double clip_norm;
};

struct bl_config_train {
    int64_t epochs;
    int64_t steps;        /* > 0 replaces epochs */
    int64_t global_batch; /* 0 means full */
    int64_t seed;
    int reduction;
    int64_t exact_groups; /* 0: as many as shards */
    int pairs;
    int shared;         /* enum bl_shared */
    int overlap;        /* enum bl_overlap */
    int64_t bucket_kib; /* of the gradient, at least, where it is in flight */
    int64_t threads;
    double settle; /* relative change of an epoch's objective; 0: never */
    int64_t settle_epochs;
    double max_hours;     /* 0: no limit */
    double stall_minutes; /* 0: no guard */
};

struct bl_config {
    struct bl_config_data data;
    struct bl_config_model model;
    struct bl_config_objective objective;
    struct bl_config_optimizer optimizer;
    struct bl_config_train train;
    struct {
        int64_t every_steps; /* 0: not by steps */
        double every_minutes;
        int64_t keep;
        int behind;               /* written while training goes on */
        char hints[BL_HINTS_MAX]; /* for MPI-IO, "name=value, name=value" */
        int64_t alignment_kib;    /* of large data sets in the file; 0: none */
    } checkpoint;
    struct {
        int64_t every_epochs; /* 0: never */
        int64_t early_stop;   /* evaluations without a better mAP; 0: never */
    } evaluate;
    struct {
        int64_t every_steps;
    } log;
};

#endif
