#include "mpi/evaluate/figures.h"

#include <math.h>

json_t *figure_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void figures_put_health(json_t *object, const struct bl_code_health *health)
{
    json_object_set_new(object, "distinct_codes", json_integer(health->distinct));
    json_object_set_new(object, "top_two_share", figure_json(health->top_two));
    json_object_set_new(object, "bit_balance_worst", figure_json(health->bit_balance_worst));
    json_object_set_new(object, "bit_balance_mean", figure_json(health->bit_balance_mean));
    json_object_set_new(object, "bit_correlation_worst", figure_json(health->bit_correlation_worst));
    json_object_set_new(object, "bit_correlation_mean", figure_json(health->bit_correlation_mean));
}
