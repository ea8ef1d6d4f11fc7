/* What support/disturb.c does in a program that it is linked into: the same as BITLOOM_TEST_DISTURB and
 * BITLOOM_TEST_DISTURB_FILE do in one that it is preloaded into. */
#ifndef TEST_SUPPORT_DISTURB_H
#define TEST_SUPPORT_DISTURB_H

/* From now on disturbs the calls on files whose path contains `file`; what: "CALL ACTION NUMBER RANK", NULL
 * for none. */
void disturb_by(const char *what, const char *file);

/* How many such calls there were since. */
int disturb_seen(void);

#endif
