/** The package's own types know the whole only, and get this widget wrong. */
declare module 'blessed-contrib/lib/widget/sparkline' {
  const Sparkline: new (options: object) => object;
  export default Sparkline;
}
