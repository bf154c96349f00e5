/* What leaky.c has allocated before it has a device is known to the driver object by this. */
#define LEAKY_SETTINGS ((PVOID)1)
