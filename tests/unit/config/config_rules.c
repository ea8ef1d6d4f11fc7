#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/build.h"
#include "config/reference.h"
#include "config/text.h"
#include "io/config_file.h"
#include "support/config.h"

TestSuite(config_rules, .fini = expect_all_freed);

/* Settings as the reader collects them, e.g. from a file and --set. */
static int build(const struct bl_setting *settings, int64_t n)
{
    return bl_config_build(settings, n, "run.yaml", &config, &config_err);
}

static struct bl_setting setting(const char *key, const char *text, int is_override)
{
    return (struct bl_setting){bl_key_find(key), text, is_override ? "--set" : "run.yaml:1", is_override};
}

/* ---- rules between keys ---- */

Test(config_rules, the_data_file_is_required)
{
    refuse("train: {epochs: 3}\n", "run.yaml: data.file is missing", "bitloom import");
    refuse("", "data.file is missing", "run.yaml");
    refuse("data:\n  file: ''\n", "run.yaml:2: data.file is missing", "");
}

Test(config_rules, the_batch_is_a_multiple_of_the_shards)
{
    refuse("data: {file: d.h5, shards: 10}\ntrain: {global_batch: 25}\n",
           "run.yaml:2: train.global_batch = 25", "the nearest are 20 and 30");
    refuse("data: {file: d.h5, shards: 10}\ntrain: {global_batch: 7}\n",
           "run.yaml:2:", "less than data.shards = 10");
    parse("data: {file: d.h5, shards: 10}\ntrain: {global_batch: 30}\n");
}

Test(config_rules, a_full_batch_fits_any_number_of_shards)
{
    parse("data: {file: d.h5, shards: 7}\ntrain: {global_batch: full}\n");
}

Test(config_rules, a_code_has_at_most_1024_bits)
{
    parse(DATA "model: {heads: 16, bits: 64}\n");
    refuse(DATA "model:\n  heads: 17\n  bits: 64\n", "run.yaml:4: model.heads x model.bits = 1088", "1024");
}

Test(config_rules, the_literal_form_takes_hard_similarities_only)
{
    const char *const form = DATA "objective: {terms: {pairwise: {form: literal, similarity: %s}}}\n";
    char text[200];
    snprintf(text, sizeof text, form, "jaccard");
    refuse(text, "run.yaml:2:", "0 or 1");
    snprintf(text, sizeof text, form, "cosine");
    refuse(text, "run.yaml:2:", "0 or 1");
    snprintf(text, sizeof text, form, "shared");
    parse(text);
}

Test(config_rules, the_literal_form_of_a_preset_is_held_to_it_too)
{
    refuse(DATA "objective: {preset: seed, terms: {pairwise: {similarity: cosine}}}\n",
           "run.yaml:2:", "0 or 1");
}

Test(config_rules, explicit_weights_are_not_both_zero)
{
    refuse(DATA
           "objective: {terms: {pairwise: {balance: explicit, similar_weight: 0, dissimilar_weight: 0}}}\n",
           "run.yaml:2:", "both 0");
    parse(DATA
          "objective: {terms: {pairwise: {balance: explicit, similar_weight: 0, dissimilar_weight: 1}}}\n");
}

Test(config_rules, explicit_weights_count_only_when_balance_is_explicit)
{
    refuse(DATA "objective: {terms: {pairwise: {similar_weight: 2}}}\n", "run.yaml:2:", "balance: explicit");
    refuse(DATA "objective: {terms: {pairwise: {dissimilar_weight: 2}}}\n",
           "run.yaml:2:", "balance: explicit");
}

Test(config_rules, keys_of_a_form_count_only_with_it)
{
    refuse(DATA "objective: {terms: {pairwise: {margin: 3}}}\n", "run.yaml:2:", "form: contrastive");
    refuse(DATA "objective: {preset: dch, terms: {pairwise: {alpha: 0.5}}}\n",
           "run.yaml:2:", "form: likelihood, literal and mixed");
    refuse(DATA "objective: {preset: dsh, terms: {pairwise: {soft_weight: 0.5}}}\n",
           "run.yaml:2:", "form: mixed");
    parse(DATA "objective: {preset: dsh, terms: {pairwise: {margin: 3}}}\n");
    parse(DATA "objective: {preset: idhn, terms: {pairwise: {alpha: 0.5, soft_weight: 2}}}\n");
}

Test(config_rules, an_objective_has_a_term_of_the_rows)
{
    refuse(DATA "objective: {preset: none}\n", "run.yaml:2: no term of the rows", "objective.preset");
    refuse(DATA "objective: {preset: none, terms: {weight_decay: {weight: 1}}}\n", "run.yaml:2:", "no term");
    parse(DATA "objective: {preset: none, terms: {quantization: {weight: 1}}}\n");
}

Test(config_rules, the_two_weight_decays_exclude_each_other)
{
    refuse(DATA "objective: {terms: {weight_decay: {weight: 0.1}}}\noptimizer: {weight_decay: 0.1}\n",
           "run.yaml:2:", "optimizer.weight_decay");
    parse(DATA "objective: {terms: {weight_decay: {weight: 0.1}}}\noptimizer: {weight_decay: 0}\n");
}

Test(config_rules, the_term_switches_the_optimisers_default_decay_off)
{
    parse(DATA);
    cr_assert_gt(config.optimizer.weight_decay, 0.0);
    parse(DATA "objective: {terms: {weight_decay: {weight: 0.1}}}\n");
    cr_assert_eq(config.optimizer.weight_decay, 0.0);
}

Test(config_rules, pairs_are_visited_once_under_fast_and_among_a_batch_alone)
{
    refuse(DATA "train: {pairs: once}\n", "run.yaml:2: train.pairs", "reduction: fast");
    refuse(DATA "objective: {preset: dpsh}\ntrain: {reduction: fast, pairs: once}\n",
           "run.yaml:3: train.pairs", "against");
    parse(DATA "train: {reduction: fast, pairs: once}\n");
}

Test(config_rules, codes_are_in_flight_under_fast_alone)
{
    refuse(DATA "train: {overlap: codes}\n", "run.yaml:2: train.overlap", "overlap: codes");
    refuse(DATA "train: {overlap: both, reduction: exact}\n", "run.yaml:2: train.overlap", "overlap: both");
    parse(DATA "train: {overlap: both, reduction: fast}\n");
    parse(DATA "train: {overlap: gradient}\n");
}

Test(config_rules, nesterov_needs_momentum)
{
    refuse(DATA "optimizer: {name: sgd, momentum: 0, nesterov: true}\n", "run.yaml:2: optimizer.nesterov",
           "optimizer.momentum");
    parse(DATA "optimizer: {name: sgd, nesterov: true}\n");
}

Test(config_rules, stopping_early_needs_held_out_rows)
{
    refuse("data: {file: d.h5, validation: 0}\nevaluate: {early_stop: 3}\n",
           "run.yaml:2: evaluate.early_stop needs held-out rows", "raise data.validation");
    parse("data: {file: d.h5, validation: 0.1}\nevaluate: {early_stop: 3}\n");
    parse("data: {file: d.h5, validation: 0}\n");
}

Test(config_rules, stopping_early_needs_evaluations)
{
    refuse(DATA "evaluate: {early_stop: 3, every_epochs: 0}\n",
           "run.yaml:2: evaluate.early_stop needs evaluations", "raise evaluate.every_epochs");
    parse(DATA "evaluate: {every_epochs: 0}\n");
}

Test(config_rules, steps_and_epochs_exclude_each_other_in_a_file)
{
    refuse(DATA "train:\n  epochs: 3\n  steps: 10\n", "run.yaml:4: train.steps and train.epochs", "keep one");
    parse(DATA "train: {epochs: 3, steps: 0}\n");
}

Test(config_rules, steps_on_the_command_line_replace_the_files_epochs)
{
    const struct bl_setting settings[] = {setting("data.file", "d", 0), setting("train.epochs", "3", 0),
                                          setting("train.steps", "100", 1)};
    cr_assert_eq(build(settings, 3), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.train.steps, 100);
}

Test(config_rules, epochs_on_the_command_line_replace_the_files_steps)
{
    const struct bl_setting settings[] = {setting("data.file", "d", 0), setting("train.steps", "100", 0),
                                          setting("train.epochs", "3", 1)};
    cr_assert_eq(build(settings, 3), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.train.steps, 0);
    cr_assert_eq(config.train.epochs, 3);
}

Test(config_rules, steps_and_epochs_both_on_the_command_line_are_refused)
{
    const struct bl_setting settings[] = {setting("data.file", "d", 0), setting("train.steps", "100", 1),
                                          setting("train.epochs", "3", 1)};
    cr_assert_eq(build(settings, 3), BL_USAGE);
}

/* Of a key that is set several times the last setting says where it stands. */
Test(config_rules, steps_set_again_on_the_command_line_stand_there)
{
    const struct bl_setting lengths[] = {setting("data.file", "d", 0), setting("train.steps", "100", 0),
                                         setting("train.steps", "200", 1), setting("train.epochs", "3", 1)};
    cr_assert_eq(build(lengths, 4), BL_USAGE);
    const struct bl_setting batches[] = {setting("data.file", "d", 0), setting("train.global_batch", "32", 0),
                                         setting("train.global_batch", "33", 1)};
    cr_assert_eq(build(batches, 3), BL_USAGE);
    cr_assert(strncmp(config_err.what, "--set: train.global_batch = 33 ", 31) == 0, "%s", config_err.what);
}

/* ---- the effective configuration ---- */

static void round_trip(const char *text)
{
    char *effective = NULL, *again = NULL, keys[600];
    parse(text);
    const struct bl_config before = config;
    cr_assert_eq(bl_config_text(&config, &effective, &config_err), BL_OK);
    cr_assert_eq(io_config_parse(effective, "effective", &config, &config_err), BL_OK, "%s\n%s",
                 config_err.what, effective);
    cr_assert_eq(bl_config_text(&config, &again, &config_err), BL_OK);
    cr_assert_str_eq(effective, again);
    cr_assert_eq(bl_config_difference(&before, &config, keys, sizeof keys), 0, "%s", keys);
    /* Equal in every byte that counts, save the epochs that `steps` replaced. */
    config.train.epochs = before.train.epochs;
    cr_assert_eq(memcmp(&before.data, &config.data, sizeof config.data), 0);
    cr_assert_eq(memcmp(&before.model.hidden, &config.model.hidden, sizeof config.model.hidden), 0);
    cr_assert_eq(before.optimizer.lr, config.optimizer.lr);
    cr_assert_eq(before.train.steps, config.train.steps);
    bl_free(&effective);
    bl_free(&again);
}

Test(config_rules, defaults_come_back)
{
    round_trip(DATA);
}

Test(config_rules, every_preset_comes_back)
{
    round_trip(DATA "objective: {preset: seed}\n");
    round_trip(DATA "objective: {preset: none, terms: {quantization: {weight: 2}}}\n");
    round_trip(DATA "objective: {preset: joint}\n");
    round_trip(DATA "objective: {preset: csq, class_codes: random}\n");
    round_trip(DATA "objective: {preset: orthohash, terms: {cosine: {margin: 0.3, scale: 10}}}\n");
    round_trip(DATA "objective: {preset: greedyhash}\n");
    round_trip(DATA "objective: {preset: hashnet}\n");
    round_trip(DATA "objective: {preset: dsh}\n");
    round_trip(DATA "objective: {preset: dch}\n");
    round_trip(DATA "objective: {preset: idhn}\n");
    round_trip(DATA "objective: {preset: dpsh}\n");
}

Test(config_rules, a_value_against_its_preset_comes_back)
{
    round_trip(DATA "objective: {preset: seed, terms: {pairwise: {form: likelihood, weight: 0}}}\n");
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LIKELIHOOD);
}

Test(config_rules, numbers_come_back_with_all_their_bits)
{
    round_trip(DATA "optimizer: {lr: 0.00012345678901234567, epsilon: 1.0e-30, clip_norm: 123456789.0}\n"
                    "objective: {terms: {pairwise: {alpha: 0.1}}}\n");
    cr_assert_eq(config.optimizer.lr, 0.00012345678901234567);
}

Test(config_rules, lists_words_and_booleans_come_back)
{
    round_trip(DATA "model: {hidden: []}\ntrain: {global_batch: full, steps: 77}\n"
                    "optimizer: {name: sgd, nesterov: true}\n");
    cr_assert_eq(config.model.hidden_count, 0);
    cr_assert_eq(config.optimizer.nesterov, 1);
}

Test(config_rules, maps_come_back)
{
    round_trip(DATA "checkpoint: {hints: {striping_factor: 8, path: \"a: {b}# c\"}, alignment: 4096}\n");
    cr_assert_str_eq(config.checkpoint.hints, "striping_factor=8, path=a: {b}# c");
    cr_assert_eq(config.checkpoint.alignment_kib, 4096);
}

Test(config_rules, odd_paths_come_back)
{
    round_trip("data: {file: 'a \"b\" \\ # : {c} \xc3\xa4', train: 'yes'}\n");
    cr_assert_str_eq(config.data.file, "a \"b\" \\ # : {c} \xc3\xa4");
    round_trip("data: {file: ' x '}\n");
    cr_assert_str_eq(config.data.file, " x ");
}

Test(config_rules, the_term_against_the_default_decay_comes_back)
{
    round_trip(DATA "objective: {terms: {weight_decay: {weight: 0.1}}}\n");
}

static const struct bl_choice x = {"data.file", "x.h5", NULL};

Test(config_rules, the_first_configuration_of_init_is_the_default)
{
    char *text = NULL, keys[600];
    parse("data: {file: x.h5}\n");
    const struct bl_config plain = config;
    cr_assert_eq(bl_reference_config(&x, 1, NULL, &text, &config_err), BL_OK, "%s", config_err.what);
    parse(text);
    cr_assert_eq(bl_config_difference(&plain, &config, keys, sizeof keys), 0, "%s", keys);
    for (const struct bl_key *key = bl_keys; key->name; key++)
        cr_assert(strstr(text, key->sentence), "%s is not explained", key->name);
    bl_free(&text);
}

Test(config_rules, the_first_configuration_of_init_leaves_presets_to_choose)
{
    char *text = NULL, *preset;
    cr_assert_eq(bl_reference_config(&x, 1, NULL, &text, &config_err), BL_OK, "%s", config_err.what);
    preset = strstr(text, "preset: joint");
    cr_assert_not_null(preset);
    memcpy(preset, "preset: seed ", 13);
    parse(text);
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LITERAL);
    bl_free(&text);
}

Test(config_rules, choices_of_init_are_written_with_their_reasons)
{
    const struct bl_choice choices[] = {x,
                                        {"objective.preset", "likelihood", "groups"},
                                        {"objective.terms.pairwise.similarity", "group", "they share one"}};
    char *text = NULL;
    cr_assert_eq(bl_reference_config(choices, 3, "# About.\n", &text, &config_err), BL_OK, "%s",
                 config_err.what);
    parse(text);
    cr_assert_eq(config.objective.pairwise_similarity, BL_SIMILARITY_GROUP);
    cr_assert(strstr(text, "\n# About.\n"), "%s", text);
    cr_assert(strstr(text, "  # Here: groups.\n  preset: likelihood\n"), "%s", text);
    cr_assert(strstr(text, "      # Here: they share one.\n      similarity: group\n"), "%s", text);
    bl_free(&text);
}

/* ---- what makes two configurations different runs ---- */

static int difference(const char *old_text, const char *text, char keys[600])
{
    parse(old_text);
    const struct bl_config old = config;
    parse(text);
    return bl_config_difference(&old, &config, keys, 600);
}

Test(config_rules, keys_that_may_not_change_are_differences)
{
    char keys[600];
    cr_assert_eq(difference(DATA, DATA "optimizer: {lr: 0.01}\nmodel: {hidden: [7]}\n", keys), 2);
    cr_assert_str_eq(keys, "model.hidden: [1024, 512] -> [7], optimizer.lr: 0.001 -> 0.01");
}

Test(config_rules, keys_that_may_change_are_none)
{
    char more[600];
    cr_assert_eq(difference(DATA, DATA "checkpoint: {hints: {a: 1}, alignment: 64}\n", more), 0);
    char keys[600];
    cr_assert_eq(difference(DATA,
                            DATA "train: {epochs: 99, threads: 2, max_hours: 3}\ncheckpoint: {keep: 9}\n"
                                 "log: {every_steps: 7}\nevaluate: {every_epochs: 0}\n",
                            keys),
                 0);
    cr_assert_str_eq(keys, "");
}

Test(config_rules, another_place_of_the_data_is_no_difference)
{
    char keys[600];
    cr_assert_eq(difference(DATA, "data: {file: elsewhere/d.h5}\n", keys), 0);
}

Test(config_rules, differences_that_dont_fit_are_counted_and_cut)
{
    char keys[20];
    parse(DATA);
    const struct bl_config old = config;
    parse(DATA "optimizer: {lr: 0.01, beta1: 0.5}\nmodel: {hidden: [7]}\n");
    cr_assert_eq(bl_config_difference(&old, &config, keys, sizeof keys), 3);
    cr_assert_lt(strlen(keys), sizeof keys);
}
