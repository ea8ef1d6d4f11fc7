#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/text.h"
#include "io/config_file.h"
#include "support/config.h"

TestSuite(config, .fini = expect_all_freed);

/* ---- what counts ---- */

Test(config, keys_that_nobody_sets_have_their_defaults)
{
    parse(DATA);
    cr_assert_str_eq(config.data.file, "d.h5");
    cr_assert_str_eq(config.data.train, "train");
    cr_assert_eq(config.data.shards, 16);
    cr_assert_eq(config.data.normalize, BL_NORMALIZE_STANDARDIZE);
    cr_assert_eq(config.model.hidden_count, 2);
    cr_assert_eq(config.model.hidden[0], 1024);
    cr_assert_eq(config.model.hidden[1], 512);
    cr_assert_eq(config.model.heads * config.model.bits, 64);
    cr_assert_eq(config.optimizer.name, BL_OPTIMIZER_adamw);
    cr_assert_eq(config.optimizer.lr, 1e-3);
    cr_assert_eq(config.train.epochs, 15);
    cr_assert_eq(config.train.global_batch, 512);
}

Test(config, the_default_preset_sets_its_terms)
{
    parse(DATA);
    cr_assert_eq(config.objective.pairwise_weight, 1.0);
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LIKELIHOOD);
    cr_assert_eq(config.objective.pairwise_balance, BL_BALANCE_BALANCED);
    cr_assert_eq(config.objective.quantization_weight, 0.1);
}

Test(config, another_preset_sets_others)
{
    parse(DATA "objective: {preset: seed}\n");
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LITERAL);
    cr_assert_eq(config.objective.pairwise_balance, BL_BALANCE_NONE);
    cr_assert_str_eq(bl_config_preset_name(&config), "seed");
}

Test(config, what_terms_draw_follows_the_seed_of_the_run)
{
    parse(DATA "train: {seed: 7}\n");
    cr_assert_eq(config.objective.seed, 7);
}

Test(config, a_preset_may_set_keys_of_any_section_and_each_may_be_set_against_it)
{
    parse(DATA "objective: {preset: dh}\n");
    cr_assert_eq(config.data.normalize, BL_NORMALIZE_SCALE);
    cr_assert_eq(config.model.hidden_count, 0);
    cr_assert_eq(config.model.init, BL_INIT_ITQ);
    cr_assert_eq(config.objective.pairwise_weight, 0.0);
    cr_assert_eq(config.objective.balance_weight, 0.5);
    parse(DATA "model: {hidden: [60, 30], init: pca}\nobjective: {preset: sdh, terms: {balance: {weight: "
               "2}}}\n");
    cr_assert_eq(config.model.hidden_count, 2);
    cr_assert_eq(config.model.init, BL_INIT_PCA);
    cr_assert_eq(config.model.activation, BL_ACTIVATION_TANH);
    cr_assert_eq(config.objective.balance_weight, 2.0);
    cr_assert_eq(config.objective.scatter_weight, 1.0);
}

Test(config, a_key_of_the_file_wins_over_the_preset_wherever_it_stands)
{
    parse(DATA "objective: {terms: {quantization: {weight: 0.5}}, preset: seed}\n");
    cr_assert_eq(config.objective.quantization_weight, 0.5);
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LITERAL);
}

Test(config, an_override_wins_over_the_file)
{
    cr_assert_eq(read_with_one(DATA "train: {epochs: 3}\n", "train.epochs=7"), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.train.epochs, 7);
}

Test(config, the_last_override_of_a_key_wins)
{
    const char *const sets[] = {"train.epochs=7", "train.epochs=9"};
    cr_assert_eq(read_with(DATA, sets, 2), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.train.epochs, 9);
}

Test(config, an_overriding_preset_leaves_the_files_keys_alone)
{
    cr_assert_eq(
        read_with_one(DATA "objective: {terms: {quantization: {weight: 0.5}}}\n", "objective.preset=seed"),
        BL_OK, "%s", config_err.what);
    cr_assert_eq(config.objective.pairwise_form, BL_FORM_LITERAL);
    cr_assert_eq(config.objective.quantization_weight, 0.5);
}

Test(config, an_override_is_yaml)
{
    cr_assert_eq(read_with_one(DATA, "model.hidden=[7, 5, 3]"), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.model.hidden_count, 3);
    cr_assert_eq(config.model.hidden[2], 3);
    cr_assert_eq(read_with_one(DATA, "model.hidden=[]"), BL_OK, "%s", config_err.what);
    cr_assert_eq(config.model.hidden_count, 0);
}

Test(config, a_map_is_yaml_or_one_text)
{
    static const char *const spellings[] = {
        "checkpoint: {hints: {striping_factor: 8, romio_cb_write: \"disable\"}}\n",
        "checkpoint:\n  hints:\n    striping_factor: '8'\n    romio_cb_write: disable\n",
        "checkpoint: {hints: \"striping_factor=8, romio_cb_write=disable\"}\n",
        "checkpoint:\n  hints: striping_factor = 8 ,romio_cb_write=disable\n"};
    char text[200];
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        snprintf(text, sizeof text, DATA "%s", spellings[i]);
        parse(text);
        cr_assert_str_eq(config.checkpoint.hints, "striping_factor=8, romio_cb_write=disable");
    }
    cr_assert_eq(read_with_one(DATA, "checkpoint.hints={a: 1}"), BL_OK, "%s", config_err.what);
    cr_assert_str_eq(config.checkpoint.hints, "a=1");
    cr_assert_eq(read_with_one(DATA "checkpoint: {hints: {a: 1}}\n", "checkpoint.hints={}"), BL_OK);
    cr_assert_str_eq(config.checkpoint.hints, "");
    cr_assert_eq(read_with_one(DATA, "checkpoint.hints={ab: 1, a: 2, abc: 3}"), BL_OK, "%s", config_err.what);
    cr_assert_str_eq(config.checkpoint.hints, "ab=1, a=2, abc=3"); /* one name may begin like another */
    cr_assert_eq(read_with_one(DATA, "checkpoint.hints=a.b-c=/scratch x"), BL_OK, "%s", config_err.what);
    cr_assert_str_eq(config.checkpoint.hints, "a.b-c=/scratch x");
}

Test(config, a_map_that_is_none_is_refused_with_its_line)
{
    static const char *const single = "a map of names to single values is needed here";
    refuse(DATA "checkpoint:\n  hints: [a]\n", "run.yaml:3:", "checkpoint.hints takes a map such as");
    refuse(DATA "checkpoint:\n  hints: {a: [1]}\n", "run.yaml:3:", single);
    refuse(DATA "checkpoint:\n  hints: {a: {b: 1}}\n", "run.yaml:3:", single);
    refuse(DATA "checkpoint:\n  hints: {a: }\n", "run.yaml:3:", single);
    refuse(DATA "checkpoint:\n  hints: {a: \"1,b=2\"}\n", "run.yaml:3:", single);
    refuse(DATA "checkpoint:\n  hints: word\n", "run.yaml:3: checkpoint.hints must be a map", "'word'");
    refuse(DATA "checkpoint:\n  hints: {a: 1, a: 2}\n", "run.yaml:3: checkpoint.hints must be a map", "a=2");
    refuse(DATA "checkpoint:\n  hints: {\"a b\": 1}\n", "run.yaml:3: checkpoint.hints must be a map", "a b");
    refuse(DATA "checkpoint:\n  hints: a=1,\n", "run.yaml:3: checkpoint.hints must be a map", "a=1,");
    refuse(DATA "checkpoint:\n  hints:\n", "run.yaml:3: checkpoint.hints has no value", "");
    refuse(DATA "checkpoint: {alignment: -1}\n", "run.yaml:2: checkpoint.alignment", "from 0 to 1048576");
    refuse_set("checkpoint.hints=a=\"1\"", "checkpoint.hints must be a map");
}

Test(config, words_stand_for_zero)
{
    parse(DATA "train: {global_batch: full}\nobjective: {terms: {pairwise: {alpha: auto}}}\n");
    cr_assert_eq(config.train.global_batch, 0);
    cr_assert_eq(config.objective.pairwise_alpha, 0.0);
}

Test(config, an_empty_section_sets_nothing)
{
    parse(DATA "model:\ntrain:\n");
    cr_assert_eq(config.train.epochs, 15);
}

Test(config, the_data_file_is_relative_to_the_configuration)
{
    char path[BL_PATH_MAX];
    parse(DATA);
    cr_assert_eq(io_config_data_path("a/b/run.yaml", &config, path, sizeof path, &config_err), BL_OK);
    cr_assert_str_eq(path, "a/b/d.h5");
    cr_assert_eq(io_config_data_path("run.yaml", &config, path, sizeof path, &config_err), BL_OK);
    cr_assert_str_eq(path, "d.h5");
    parse("data: {file: /x/d.h5}\n");
    cr_assert_eq(io_config_data_path("a/run.yaml", &config, path, sizeof path, &config_err), BL_OK);
    cr_assert_str_eq(path, "/x/d.h5");
}

/* ---- what is refused ---- */

Test(config, an_unknown_key_is_named_with_its_line_and_the_nearest)
{
    refuse(DATA "train:\n  epochs: 3\n  global_bath: 64\n", "run.yaml:4: unknown key train.global_bath",
           "did you mean train.global_batch?");
}

Test(config, an_unknown_section_is_refused_with_its_line)
{
    refuse(DATA "nonsense:\n  x: 1\n", "run.yaml:2: unknown key nonsense", "docs/configuration.md");
}

Test(config, an_unknown_override_is_named_with_the_nearest)
{
    refuse_set("train.epoch=3", "unknown key train.epoch; did you mean train.epochs?");
    refuse_set("nonsense=3", "docs/configuration.md lists all keys");
}

Test(config, an_override_of_a_section_is_refused)
{
    refuse_set("train=3", "train is a section and holds keys, not a value");
}

Test(config, a_key_in_another_section_is_suggested)
{
    refuse(DATA "train: {lr: 0.1}\n", "run.yaml:2: unknown key train.lr", "did you mean optimizer.lr?");
    refuse(DATA "train: {bits: 8}\n", "run.yaml:2: unknown key train.bits", "did you mean model.bits?");
}

Test(config, a_mistyped_section_is_answered_by_the_nearest_one)
{
    refuse(DATA "trian: {epochs: 3}\n", "run.yaml:2: unknown key trian;", "did you mean train?");
    refuse("dta: {file: d.h5}\n", "run.yaml:1: unknown key dta;", "did you mean data?");
    refuse(DATA "modle:\n  bits: 8\n", "run.yaml:2: unknown key modle;", "did you mean model?");
    refuse(DATA "objective: {term: {scatter: {weight: 1}}}\n", "unknown key objective.term;",
           "did you mean objective.terms?");
    refuse(DATA "objective: {terms: {pairwse: {weight: 1}}}\n", "unknown key objective.terms.pairwse;",
           "did you mean objective.terms.pairwise?");
    refuse(DATA "epochs: 3\n", "unknown key epochs;", "did you mean train.epochs?");
    refuse(DATA "loss: joint\n", "unknown key loss;", "did you mean objective.preset?");
    refuse_set("trian.epochs=3", "unknown key trian.epochs; did you mean train.epochs?");
    refuse_set("qqqqqqqq=3", "unknown key qqqqqqqq; docs/configuration.md lists all keys");
}

Test(config, names_of_other_programs_are_understood_but_not_taken)
{
    static const char *const names[][2] = {{"optimizer.learning_rate", "optimizer.lr"},
                                           {"learning_rate", "optimizer.lr"},
                                           {"train.batch_size", "train.global_batch"},
                                           {"batch_size", "train.global_batch"},
                                           {"train.num_epochs", "train.epochs"},
                                           {"train.patience", "evaluate.early_stop"},
                                           {"model.layers", "model.hidden"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char set[80], text[120];
        snprintf(set, sizeof set, "%s=3", names[i][0]);
        snprintf(text, sizeof text, "unknown key %s; did you mean %s?", names[i][0], names[i][1]);
        refuse_set(set, text);
    }
}

Test(config, an_override_without_a_value_is_refused)
{
    cr_assert_eq(read_with_one(DATA, "train.epochs"), BL_USAGE);
    cr_assert(strstr(config_err.what, "--set key=value"), "%s", config_err.what);
    refuse_set("train.epochs=", "no value");
    refuse_set("data.train=", "no value");
}

Test(config, a_key_twice_is_refused_with_both_lines)
{
    refuse(DATA "train:\n  epochs: 3\n  seed: 1\n  epochs: 4\n",
           "run.yaml:5: train.epochs is set here a second time", "first at run.yaml:3; remove one");
}

Test(config, a_section_twice_is_refused)
{
    refuse(DATA "train: {epochs: 3}\ntrain: {seed: 3}\n", "run.yaml:3: train is set here a second time",
           "first at run.yaml:2; remove one");
    refuse(DATA "train:\ntrain:\n", "run.yaml:3: train is set here a second time", "run.yaml:2");
}

Test(config, a_key_twice_by_two_spellings_is_refused)
{
    refuse(DATA "data.file: e.h5\n", "run.yaml:2: data.file is set here a second time", "run.yaml:1");
}

Test(config, a_wrong_type_is_refused_with_its_line)
{
    refuse(DATA "train:\n  epochs: many\n", "run.yaml:3: train.epochs must be a whole number", "'many'");
    refuse(DATA "train:\n  epochs: 1.5\n", "run.yaml:3:", "'1.5'");
    refuse(DATA "optimizer:\n  lr: fast\n", "run.yaml:3:", "optimizer.lr must be a number");
    refuse(DATA "optimizer: {nesterov: 1}\n", "run.yaml:2:", "true or false");
    refuse(DATA "train: {epochs: [3]}\n", "run.yaml:2:", "train.epochs takes one value");
    refuse(DATA "train: {epochs: {a: 3}}\n", "run.yaml:2:", "train.epochs takes one value");
    refuse(DATA "model: {hidden: 512}\n", "run.yaml:2:", "model.hidden takes a list");
    refuse(DATA "model: {hidden: [[512]]}\n", "run.yaml:2:", "a list of plain numbers");
    refuse(DATA "model: {hidden: [512, '']}\n", "run.yaml:2:", "a list of plain numbers");
    refuse(DATA "model: {hidden: ['512, 3']}\n", "run.yaml:2:", "a list of plain numbers");
    refuse(DATA "train: 3\n", "run.yaml:2:", "train is a section");
    refuse("- data\n", "run.yaml:1:", "sections");
}

Test(config, a_number_or_boolean_in_quotes_is_a_text)
{
    refuse(DATA "train:\n  epochs: \"4\"\n", "run.yaml:3: train.epochs must be a whole number from 1",
           "not text in quotes; remove the quotes");
    refuse(DATA "train:\n  epochs: '4'\n", "run.yaml:3: train.epochs", "quotes");
    refuse(DATA "optimizer: {lr: \"0.1\"}\n", "run.yaml:2: optimizer.lr must be a number above 0", "quotes");
    refuse(DATA "optimizer: {nesterov: 'true'}\n", "run.yaml:2: optimizer.nesterov must be true or false",
           "quotes");
    refuse(DATA "train:\n  epochs: |-\n    4\n", "run.yaml:3: train.epochs", "quotes");
    refuse(DATA "model:\n  hidden: [512,\n    '256']\n", "run.yaml:4:", "a list of plain numbers");
    refuse(DATA "train:\n  epochs: ''\n", "run.yaml:3: train.epochs", "quotes");
    refuse_set("train.epochs=\"4\"", "train.epochs must be a whole number from 1");
    refuse_set("model.hidden=['4']", "a list of plain numbers");
}

Test(config, texts_choices_and_words_may_be_quoted)
{
    parse("data: {file: 'd.h5', train: \"2024\"}\noptimizer: {name: 'sgd'}\n"
          "train: {global_batch: \"full\"}\n");
    cr_assert_str_eq(config.data.train, "2024");
    cr_assert_eq(config.optimizer.name, BL_OPTIMIZER_sgd);
    cr_assert_eq(config.train.global_batch, 0);
}

Test(config, a_key_without_a_value_is_refused)
{
    refuse(DATA "train:\n  epochs:\n", "run.yaml:3:", "train.epochs has no value");
}

Test(config, an_unknown_choice_gets_a_suggestion)
{
    refuse(DATA "optimizer: {name: adam}\n", "optimizer.name must be sgd", "did you mean adamw?");
}

Test(config, a_number_out_of_range_is_refused)
{
    refuse(DATA "train: {epochs: 0}\n", "run.yaml:2:", "from 1");
    refuse(DATA "train: {epochs: 1000000001}\n", "run.yaml:2:", "to 1000000000");
    refuse(DATA "train: {seed: -1}\n", "run.yaml:2:", "'-1'");
    refuse(DATA "train: {seed: 99999999999999999999}\n", "run.yaml:2:", "train.seed");
    refuse(DATA "optimizer: {lr: 0}\n", "run.yaml:2:", "above 0");
    refuse(DATA "optimizer: {lr: .inf}\n", "run.yaml:2:", "optimizer.lr");
    refuse(DATA "optimizer: {lr: inf}\n", "run.yaml:2:", "optimizer.lr");
    refuse(DATA "optimizer: {lr: nan}\n", "run.yaml:2:", "optimizer.lr");
    refuse(DATA "model: {dropout: 1}\n", "run.yaml:2:", "below 1");
    refuse(DATA "model: {hidden: [8, 0]}\n", "run.yaml:2:", "from 1");
}

Test(config, more_hidden_layers_than_64_are_refused)
{
    char text[600] = DATA "model: {hidden: [1";
    for (int i = 1; i < 64; i++)
        strcat(text, ", 1");
    const size_t n = strlen(text);
    strcpy(text + n, "]}\n");
    parse(text);
    cr_assert_eq(config.model.hidden_count, 64);
    strcpy(text + n, ", 1]}\n");
    refuse(text, "run.yaml:2:", "model.hidden");
}

Test(config, a_text_that_is_too_long_is_refused)
{
    char text[200] = DATA "data.train: ";
    memset(text + strlen(text), 'x', 64);
    refuse(text, "run.yaml:2:", "at most 63 bytes");
}

Test(config, a_line_break_in_a_text_is_refused)
{
    refuse("data: {file: \"a\\nb\"}\n", "run.yaml:1: data.file", "line break");
}

Test(config, an_alias_is_refused)
{
    refuse(DATA "train:\n  seed: *s\n", "run.yaml:3: anchors and aliases are not supported",
           "write the value out");
    refuse(DATA "model: {hidden: [*s]}\n", "run.yaml:2: anchors and aliases", "");
    refuse(DATA "*s : 3\n", "run.yaml:2: anchors and aliases", "");
}

Test(config, an_anchor_that_nobody_uses_is_refused_too)
{
    refuse(DATA "train:\n  seed: &s 3\n", "run.yaml:3: anchors and aliases are not supported", "");
    refuse(DATA "train: &t\n  seed: 3\n", "run.yaml:2: anchors and aliases are not supported", "");
    refuse(DATA "model: {hidden: &h [3]}\n", "run.yaml:2: anchors and aliases are not supported", "");
    refuse(DATA "model: {hidden: [3, &h 4]}\n", "run.yaml:2: anchors and aliases are not supported", "");
    refuse(DATA "&k train: {seed: 3}\n", "run.yaml:2: anchors and aliases are not supported", "");
    refuse("&a\n" DATA, "run.yaml:1: anchors and aliases are not supported", "");
    refuse_set("train.seed=&s 3", "anchors and aliases are not supported");
}

Test(config, a_tag_is_refused)
{
    refuse(DATA "train:\n  seed: !!int 3\n", "run.yaml:3: tags are not supported", "write the plain value");
    refuse(DATA "train: !mine {seed: 3}\n", "run.yaml:2: tags are not supported", "");
    refuse(DATA "model: {hidden: !!seq [3]}\n", "run.yaml:2: tags are not supported", "");
    refuse(DATA "data.train: ! train\n", "run.yaml:2: tags are not supported", "");
    refuse_set("train.seed=!!int 3", "tags are not supported");
}

Test(config, a_second_document_is_refused)
{
    refuse(DATA "---\ntrain: {epochs: 3}\n", "run.yaml:2: a second document begins here",
           "a configuration is one");
    refuse("---\n" DATA "...\n---\n", "run.yaml:4: a second document", "");
    cr_assert_eq(read_with_one(DATA, "train.epochs=3\n--- 4"), BL_USAGE);
    cr_assert(strstr(config_err.what, "second document"), "%s", config_err.what);
}

Test(config, one_document_may_have_its_marks)
{
    parse("%YAML 1.1\n---\n" DATA "...\n");
    cr_assert_str_eq(config.data.file, "d.h5");
}

Test(config, broken_yaml_is_refused_with_its_line)
{
    refuse(DATA "train: {epochs: 3\nmodel: [\n", "run.yaml:", "not valid YAML");
    refuse(DATA "\ttrain: 3\n", "run.yaml:2:", "not valid YAML");
    refuse(DATA "model:\n# \xff\n", "run.yaml:3:", "not valid YAML");
}

Test(config, an_override_that_is_broken_yaml_is_refused_without_a_line)
{
    refuse_set("model.hidden=[1", "not valid YAML");
}

Test(config, a_refused_configuration_changes_nothing)
{
    static const char *const texts[] = {"train: [", DATA "train: {epoch: 3}\n", DATA "train: {epochs: 0}\n",
                                        "train: {epochs: 3}\n", DATA "train: {global_batch: 17}\n"};
    struct bl_config before;
    memset(&before, 0x5a, sizeof before);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memcpy(&config, &before, sizeof before);
        refuse(texts[i], "run.yaml", "");
        cr_assert_arr_eq(&config, &before, sizeof before, "changed by: %s", texts[i]);
    }
    memcpy(&config, &before, sizeof before);
    refuse_set("train.epochs=0", "from 1");
    cr_assert_arr_eq(&config, &before, sizeof before);
}

Test(config, a_file_that_is_absent_is_a_path_error)
{
    cr_assert_eq(io_config_read("/nowhere/run.yaml", NULL, 0, &config, &config_err), BL_PATH);
    cr_assert(strstr(config_err.what, "/nowhere/run.yaml"), "%s", config_err.what);
}
