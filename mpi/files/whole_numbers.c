#include "mpi/files/whole_numbers.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const double exact_to = 9007199254740992.0; /* 2^53 */

int whole_numbers_take(int64_t *values, int64_t n, int64_t width, int64_t row_lo, const char *name,
                       const char *where, struct bl_error *err)
{
    for (int64_t i = 0; i < n * width; i++) {
        double value;
        memcpy(&value, &values[i], sizeof value);
        if (isnan(value) || (isfinite(value) && value != floor(value)))
            return bl_fail(err, BL_INPUT,
                           "%s: row %" PRId64
                           " of '%s' has %g; only whole numbers are possible, and -1 means "
                           "none",
                           where, row_lo + i / width, name, value);
        values[i] = value > exact_to ? INT64_MAX : value < -exact_to ? INT64_MIN : (int64_t)value;
    }
    return BL_OK;
}
