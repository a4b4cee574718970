/** The one name Aloft uses for an accelerator, such as `H100`, `A100-80GB` or `TPU v5e`. */
export type AcceleratorName = string & { readonly brand: 'AcceleratorName' };
