#include "hash/collapse.h"

#include <stddef.h>

/* Thresholds. constant: mean |share of ones - 1/2|, so the average bit is the same for 95 % of the rows.
 * copied: mean |correlation| of two bits. */
static const double constant = 0.45, copied = 0.9;

int bl_codes_have_collapsed(const struct bl_code_health *health)
{
    if (health->rows < 2 || health->classes == 1)
        return 0;
    if (health->classes == 2)
        return health->class_codes == 1;
    return (health->classes > 2 && health->class_codes <= 2) || health->top_two >= 0.9 ||
           health->bit_balance_mean >= constant || health->bit_correlation_mean >= copied;
}

const char *bl_collapse_cause(const struct bl_config_objective *objective,
                              const struct bl_code_health *health)
{
    if (!bl_codes_have_collapsed(health))
        return NULL;
    if (objective->pairwise_weight > 0.0 && objective->pairwise_form == BL_FORM_LITERAL)
        return "objective.terms.pairwise.form: literal drives more than two classes to two opposite codes "
               "(docs/mathematics.md says why); use form: likelihood";
    if (objective->quantization_weight > 0.0 && health->bit_balance_mean >= constant)
        return "the bits are constant, which minimises objective.terms.quantization; lower its weight, or "
               "raise that of objective.terms.balance";
    if (health->bit_correlation_mean >= copied && objective->decorrelation_weight == 0.0)
        return "the bits are copies of one another and nothing in the objective keeps them apart; give "
               "objective.terms.decorrelation a weight, or start from model.init: itq";
    return "rows of different classes get the same codes; lower optimizer.lr, or change the weights of "
           "objective.terms";
}
